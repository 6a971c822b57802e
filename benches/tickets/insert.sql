-- The reference for `tickets`: the rows of one accepted ticket as raw SQL, in the program's own
-- schema and as its role: a citizen, the ticket, its limits, its first event, an SMS in the outbox.
begin;
select next_ticket_number(current_date) as n, gen_random_uuid() as ticket, gen_random_uuid() as person,
    gen_random_uuid() as key, clock_timestamp() as now, clock_timestamp() + interval '1 day' as due \gset
insert into person (id, sealed, key_id, created_at, changed_at)
values (:person, decode(repeat('5a', 96), 'hex'), 'bench', :now, :now);
insert into ticket (id, number, digits, query_code, key, version, events, chain, title, content, kind, urgency,
    address, person_id, reachable, sealed, wants_reply, channel, profile, profile_version, draw, state, since,
    cycle, accepted_at, promise_at, due_at, provisional, was_late)
values (:ticket, 'bench-' || :n::text, lpad(:n::text, 13, '0'), '1234', :key, 1, 1, decode(repeat('5a', 32), 'hex'),
    '阳光小区3号楼供热不足', '从昨晚起室内温度只有14度,家里有老人和孩子,已向供热公司反映两次没有解决,请尽快处理。',
    'help', 'normal', '阳光小区3号楼', :person, true, false, true, 'manual', 'bench', 1, 50, 'accepted', :now, 1,
    :now, :due, :due, false, false);
insert into timer (ticket_id, seq, name, cycle, runs, started_at, due_at, provisional, fire_at)
values (:ticket, 0, 'dispatch', 1, 'hotline', :now, :due, false, :due),
    (:ticket, 1, 'whole', 1, 'office', :now, :due, false, :due);
insert into ticket_history (ticket_id, seq, at, actor, action, reason, to_state, version, details, hash)
values (:ticket, 1, :now, 'bench', 'accept', '', 'accepted', 1, '{}', decode(repeat('5a', 32), 'hex'));
insert into notice (id, at, ticket_id, kind, template, person_id, to_masked, text, segments, dedupe, state, run_at)
values (:key::uuid, :now, :ticket, 'sms', 'accepted', :person, '139****0001',
    '【12345热线】您反映的供热问题已受理,编号2026112300019,查询码1234,将于3个工作日内答复。', 1, :key::text, 'sent_in_demo', :now);
commit;
