select id as "id: TicketId", digits, query_code, key, version, events, chain, title, content, kind, urgency,
    category_id as "category_id: base::CategoryId", place_id as "place_id: base::PlaceId", address,
    person_id as "person_id: PersonId", reachable, sealed, wants_reply, channel, source, outside_number,
    outside_due, call_id as "call_id: base::CallId", accepted_by as "accepted_by: StaffId", profile,
    profile_version, draw, state, since, cycle, accepted_at, promise_at, returns, corrections, extensions,
    extension_days, urges, misses, last_miss, dispatchers, reviewers, followers, extension, ending,
    ended_at, side, against_units, demo
from ticket
where id = $1
for update
