-- What a step changed: the legs, the limits, the events that tell of it, the row. One statement:
-- each round trip is waited for.
with legs as (
    insert into handling_leg (id, ticket_id, position, unit_id, lead, parent_id, cycle, state, dispatched_at,
        dispatched_by, sign_due, signed_at, auto_signed, return_due, return_asked, binding, due_at, replied_at,
        ended_at, reply)
    select id, $1, position, unit_id, lead, parent_id, cycle, state, dispatched_at, dispatched_by, sign_due,
        signed_at, auto_signed, return_due, return_asked, binding, due_at, replied_at, ended_at, reply
    from jsonb_populate_recordset(null::handling_leg, $26)
    on conflict (id) do update set state = excluded.state, signed_at = excluded.signed_at,
        auto_signed = excluded.auto_signed, return_asked = excluded.return_asked, due_at = excluded.due_at,
        replied_at = excluded.replied_at, ended_at = excluded.ended_at, reply = excluded.reply
), timers as (
    insert into timer (ticket_id, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warns,
        late_at, met_at, stopped_at, fire_at, counted)
    select $1, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warns, late_at, met_at,
        stopped_at, fire_at, counted
    from jsonb_populate_recordset(null::timer, $27)
    on conflict (ticket_id, seq) do update set runs = excluded.runs, due_at = excluded.due_at,
        provisional = excluded.provisional, warns = excluded.warns, counted = excluded.counted, late_at = excluded.late_at, met_at = excluded.met_at,
        stopped_at = excluded.stopped_at, fire_at = excluded.fire_at
), events as (
    insert into ticket_history (ticket_id, seq, at, staff_id, actor, unit_id, unit_name, action, reason,
        note, from_state, to_state, version, leg_id, details, change, hash)
    select $1, seq, at, staff_id, actor, unit_id, unit_name, action, reason, note, from_state, to_state,
        version, leg_id, details, change, hash
    from jsonb_populate_recordset(null::ticket_history, $28)
)
update ticket set version = $2, events = $3, chain = $4, state = $5, since = $6, cycle = $7, unit_id = $8,
    promise_at = $9, due_at = $10, provisional = $11, was_late = $12, returns = $13, corrections = $14,
    extensions = $15, extension_days = $16, urges = $17, misses = $18, last_miss = $19, dispatchers = $20,
    reviewers = $21, followers = $22, extension = $23, ending = $24, ended_at = $25
where id = $1
