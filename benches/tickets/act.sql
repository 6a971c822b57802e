-- The reference for `act`: the rows of one step as raw SQL, on a ticket that `insert.sql` made.
\set n random(:lo, :hi)
begin;
select id as ticket, version, events, gen_random_uuid() as key, clock_timestamp() as now from ticket
where digits >= lpad((:n)::text, 13, '0') order by digits limit 1 for update \gset
select * from timer where ticket_id = :ticket order by seq;
select * from handling_leg where ticket_id = :ticket order by position;
update ticket set version = version + 1, events = events + 1, urges = urges + 1, since = :now where id = :ticket;
update timer set provisional = false where ticket_id = :ticket and seq = 0;
insert into ticket_history (ticket_id, seq, at, actor, action, reason, to_state, version, details, hash)
values (:ticket, :events + 1, :now, 'bench', 'urge', '', 'accepted', :version + 1, '{}', decode(repeat('5a', 32), 'hex'));
insert into notice (id, at, ticket_id, kind, template, person_id, to_masked, text, segments, dedupe, state, run_at)
select gen_random_uuid(), :now, id, 'sms', 'dispatched', person_id, '139****0001',
    '【12345热线】您反映的供热问题已转供热公司办理，编号2026112300019，请留意答复。', 1, :key, 'sent_in_demo', :now
from ticket where id = :ticket;
commit;
