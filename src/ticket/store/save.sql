-- What steps changed of tickets: the legs, the limits, the events that tell of it, the rows. One
-- statement, for one ticket or for many: each round trip is waited for.
with legs as (
    insert into handling_leg (id, ticket_id, position, unit_id, lead, parent_id, cycle, state, dispatched_at,
        dispatched_by, sign_due, signed_at, auto_signed, return_due, return_asked, binding, due_at, replied_at,
        ended_at, reply)
    select id, ticket_id, position, unit_id, lead, parent_id, cycle, state, dispatched_at, dispatched_by, sign_due,
        signed_at, auto_signed, return_due, return_asked, binding, due_at, replied_at, ended_at, reply
    from jsonb_populate_recordset(null::handling_leg, $2)
    on conflict (id) do update set state = excluded.state, signed_at = excluded.signed_at,
        auto_signed = excluded.auto_signed, return_asked = excluded.return_asked, due_at = excluded.due_at,
        sign_due = excluded.sign_due, return_due = excluded.return_due,
        replied_at = excluded.replied_at, ended_at = excluded.ended_at, reply = excluded.reply
), timers as (
    insert into timer (ticket_id, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warns,
        late_at, met_at, stopped_at, fire_at, counted)
    select ticket_id, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warns, late_at, met_at,
        stopped_at, fire_at, counted
    from jsonb_populate_recordset(null::timer, $3)
    on conflict (ticket_id, seq) do update set runs = excluded.runs, due_at = excluded.due_at,
        provisional = excluded.provisional, warns = excluded.warns, counted = excluded.counted,
        late_at = excluded.late_at, met_at = excluded.met_at,
        stopped_at = excluded.stopped_at, fire_at = excluded.fire_at
), events as (
    insert into ticket_history (ticket_id, seq, at, staff_id, actor, unit_id, unit_name, action, reason,
        note, from_state, to_state, version, leg_id, details, change, hash)
    select ticket_id, seq, at, staff_id, actor, unit_id, unit_name, action, reason, note, from_state, to_state,
        version, leg_id, details, change, hash
    from jsonb_populate_recordset(null::ticket_history, $4)
)
update ticket set version = new.version, events = new.events, chain = new.chain, profile = new.profile,
    profile_version = new.profile_version, state = new.state, since = new.since, cycle = new.cycle,
    unit_id = new.unit_id, promise_at = new.promise_at, due_at = new.due_at, provisional = new.provisional,
    was_late = new.was_late, returns = new.returns, corrections = new.corrections,
    extensions = new.extensions, extension_days = new.extension_days, urges = new.urges, misses = new.misses,
    last_miss = new.last_miss, dispatchers = new.dispatchers, reviewers = new.reviewers,
    followers = new.followers, extension = new.extension, ending = new.ending, ended_at = new.ended_at,
    side = new.side, asks = new.asks, oversight = new.oversight, mass = new.mass, withdrawn = new.withdrawn,
    self_reported = new.self_reported, rating_doubted = new.rating_doubted, merged_into = new.merged_into, merged_children = new.merged_children,
    kind = new.kind, urgency = new.urgency, category_id = new.category_id, place_id = new.place_id,
    wants_reply = new.wants_reply, sealed = new.sealed
from jsonb_populate_recordset(null::ticket, $1) as new
where ticket.id = new.id
