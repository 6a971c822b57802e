-- The reference for `lists`: one page of the newest tickets somewhere in the past, by key.
\set back random(0, 900)
select ticket.id, number, title, ticket.kind, urgency, state, unit.name, accepted_at, promise_at, due_at
from ticket left join unit on unit.id = ticket.unit_id
where ticket.id < (lpad(to_hex((extract(epoch from now() - :back * interval '1 day') * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
order by ticket.id desc limit 51;
