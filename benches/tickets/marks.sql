-- The reference for limits that run out: the rows of :many marks, by set, and taken back.
begin;
create temp table due on commit drop as select distinct on (timer.ticket_id) timer.ticket_id, timer.seq
    from timer join ticket on ticket.id = timer.ticket_id
    where ticket.ended_at is null and timer.met_at is null and timer.stopped_at is null
    order by timer.ticket_id, timer.seq desc limit :many;
update timer set late_at = now(), fire_at = null from due where timer.ticket_id = due.ticket_id and timer.seq = due.seq;
insert into ticket_history (ticket_id, seq, at, actor, action, reason, to_state, version, details, hash)
    select ticket.id, events + 1, now(), 'bench', 'late', '', state, version,
        jsonb_build_object('seq', due.seq, 'mark', 'bench'), decode(repeat('5a', 32), 'hex')
    from ticket join due on due.ticket_id = ticket.id;
insert into notice (id, at, ticket_id, kind, template, unit_id, to_masked, text, segments, dedupe, state, run_at)
    select gen_random_uuid(), now(), ticket.id, 'sms', 'unit_late', unit_id, '值班', '工单已超期，请尽快办结。', 1,
        'bench' || ticket.id, 'sent_in_demo', now()
    from ticket join due on due.ticket_id = ticket.id where unit_id is not null;
update ticket set events = events + 1, was_late = true from due where ticket.id = due.ticket_id;
rollback;
