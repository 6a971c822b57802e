-- The reference for a calendar that changed: the rows of :tickets tickets whose dues move, by set, and
-- taken back.
begin;
create temp table open on commit drop as select id, events from ticket where ended_at is null order by id limit :tickets;
update timer set due_at = due_at + interval '1 hour', fire_at = fire_at + interval '1 hour'
    from open where ticket_id = id and met_at is null and stopped_at is null;
insert into ticket_history (ticket_id, seq, at, actor, action, reason, to_state, version, details, hash)
    select ticket.id, ticket.events + 1, now(), 'bench', 'recount', '', state, version, '{}', decode(repeat('5a', 32), 'hex')
    from ticket join open using (id);
update ticket set events = ticket.events + 1, due_at = due_at + interval '1 hour' from open where ticket.id = open.id;
rollback;
