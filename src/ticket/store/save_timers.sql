insert into timer (ticket_id, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warn_at, late_at,
    met_at, stopped_at, fire_at)
select $1, *
from unnest($2::smallint[], $3::text[], $4::uuid[], $5::smallint[], $6::text[], $7::timestamptz[],
    $8::timestamptz[], $9::boolean[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[],
    $13::timestamptz[], $14::timestamptz[])
on conflict (ticket_id, seq) do update set due_at = excluded.due_at, provisional = excluded.provisional,
    warn_at = excluded.warn_at, late_at = excluded.late_at, met_at = excluded.met_at,
    stopped_at = excluded.stopped_at, fire_at = excluded.fire_at
