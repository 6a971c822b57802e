insert into ticket (id, number, digits, query_code, key, version, title, content, kind, urgency,
    category_id, place_id, address, person_id, reachable, sealed, wants_reply, channel, source, outside_number,
    outside_due, call_id, accepted_by, profile, profile_version, draw, state, since, cycle, accepted_at,
    promise_at, demo, ending, ended_at, events, chain, due_at, provisional, was_late)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
    $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, false)
