-- A ticket, its first limits and its first event. One statement: each round trip is waited for.
with new as (
    insert into ticket (id, number, digits, query_code, key, version, title, content, kind, urgency,
        category_id, place_id, address, person_id, reachable, sealed, wants_reply, channel, source, outside_number,
        outside_due, call_id, accepted_by, profile, profile_version, draw, state, since, cycle, accepted_at,
        promise_at, demo, ending, ended_at, events, chain, due_at, provisional, was_late,
        against_units, side)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
        $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, false, $41, $42)
), timers as (
    insert into timer (ticket_id, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warns,
        late_at, met_at, stopped_at, fire_at, counted)
    select $1, seq, name, leg_id, cycle, runs, started_at, due_at, provisional, warns, late_at, met_at,
        stopped_at, fire_at, counted
    from jsonb_populate_recordset(null::timer, $39)
)
insert into ticket_history (ticket_id, seq, at, staff_id, actor, unit_id, unit_name, action, reason,
    note, from_state, to_state, version, leg_id, details, change, hash)
select $1, seq, at, staff_id, actor, unit_id, unit_name, action, reason, note, from_state, to_state,
    version, leg_id, details, change, hash
from jsonb_populate_recordset(null::ticket_history, $40)
