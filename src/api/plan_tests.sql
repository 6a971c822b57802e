-- A city of years, laid by set: a million tickets with a leg, an event and words each, as many calls,
-- messages and audit events, a hundred thousand citizens. One ticket in twenty is open.
-- Indexes are made when all rows are there: that takes a third of the time.
set session_replication_role = replica;
set maintenance_work_mem = '512MB';
set work_mem = '256MB';

create temp table made_later as
    select indexdef, indexname from pg_indexes
    where schemaname = 'public'
        and tablename in ('ticket', 'handling_leg', 'ticket_history', 'timer', 'ticket_search', 'notice',
            'call_record', 'person', 'person_number', 'audit_event', 'callback_task')
        and indexname not in (select conname from pg_constraint);
do $$ declare index text; begin
    for index in select indexname from made_later loop execute 'drop index ' || quote_ident(index); end loop;
end $$;

-- an id of that millisecond
create function pg_temp.id(at timestamptz, n bigint) returns uuid language sql immutable as $$
    select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid $$;

insert into unit (id, parent_id, path, name, level, kind, created_at)
    select gen_random_uuid(), top.id, top.path || '.' || lpad((100 + n)::text, 3, '0'), '单位' || n,
        case top.level when 'city' then 'city' else 'township' end,
        case top.level when 'city' then 'department' else 'street' end, now()
    from unit top, generate_series(1, 60) n where top.kind = 'government';
insert into staff (id, number, name, display_name, created_at, changed_at)
    select gen_random_uuid(), (50000 + n)::text, 'colleague' || n, '同事' || n, now(), now() from generate_series(1, 200) n;
insert into category (id, code, parent_id, name, path, position)
    select pg_temp.id(now(), n), 'C' || n, case when n > 20 then pg_temp.id(now(), 1 + n % 20) end, '类别' || n, '类别' || n, n
    from generate_series(1, 220) n;
insert into place (id, parent_id, name, kind, path)
    select pg_temp.id(now(), n), null, '地' || n, case when n <= 50 then 'street' else 'community' end,
        case when n <= 50 then '街道' || n else '街道' || (1 + n % 50) || ' 社区' || n end
    from generate_series(1, 5000) n;

create temp table place_of as select row_number() over (order by path) - 1 as n, id from place;
create temp table category_of as select row_number() over (order by code) - 1 as n, id from category where parent_id is not null;
create temp table unit_of as
    select row_number() over (order by (kind = 'government'), path) - 1 as n, id,
        ('=' || path) || path_line(path) as readers, path from unit where kind not in ('government', 'hotline');
create temp table staff_of as select row_number() over (order by number) - 1 as n, id from staff;

-- those who are known already have a record that can be opened
create temp table person_of as select row_number() over (order by id) - 1 as n, id from person;
insert into person (id, sealed, key_id, created_at, changed_at)
    select pg_temp.id('2023-01-01', n), '\x00', 'k', now(), now() from generate_series(0, 99999) n;
insert into person_number (lookup, person_id, key_id)
    select sha256(int4send(n)), pg_temp.id('2023-01-01', n), 'k' from generate_series(0, 99999) n;

create temp table laid as
    select n, '{now}'::timestamptz - (1000000 - n) * interval '94 seconds' as at,
        n % 20 = 0 or n > 990000 as open,
        (hashint4(n) & 1048575) as dice,
        (hashint4(n + 7777777) & 1048575) as dice2
    from generate_series(1, 1000000) n;

insert into ticket (id, number, digits, query_code, key, version, events, chain, title, content, kind, urgency,
        category_id, place_id, address, person_id, reachable, sealed, wants_reply, channel, call_id, accepted_by,
        profile, profile_version, draw, state, since, cycle, unit_id, accepted_at, promise_at, due_at, provisional, was_late,
        returns, corrections, extensions, urges, extension, ending, ended_at, against_units, asks, oversight, mass,
        withdrawn, self_reported, merged_children, readers, avoided)
    select pg_temp.id(at, l.n), 'N' || l.n, lpad(l.n::text, 13, '0'), '1234', pg_temp.id(at, l.n), 1, 1, '\x00',
        '反映暖气不热 ' || l.n, '家中暖气不热，温度只有十六度。', (array['help', 'complaint', 'inquiry', 'report', 'suggestion', 'help', 'complaint', 'help',
            'inquiry', 'praise'])[1 + dice % 10],
        case when dice % 50 = 0 then 'emergency' when dice % 20 = 1 then 'utility' else 'normal' end,
        c.id, p.id, '', citizen.id, true, dice % 200 = 3, dice2 % 3 = 0,
        (array['phone', 'phone', 'phone', 'phone', 'phone', 'web', 'manual', 'message_board', '110', 'phone'])[1 + dice2 % 10],
        pg_temp.id(at, l.n), s.id, 'siping', 2, dice % 100,
        case when open then (array['handling', 'dispatched', 'in_review', 'in_follow_up', 'accepted', 'handling', 'correction',
            'return_asked', 'suspended', 'handling', 'disputed', 'withdrawal', 'final_review', 'in_arbitration'])[1 + dice % 14]
            else (array['archived', 'archived', 'archived', 'closed', 'cancelled'])[1 + dice % 5] end,
        at, 1 + (dice2 % 30 = 0)::int, u.id, at, at + interval '7 days', at + interval '5 days', dice % 300 = 5, dice2 % 25 = 0,
        (dice % 15 = 0)::int, (dice2 % 20 = 0)::int, (dice % 12 = 0)::int, (dice % 18 = 0)::int,
        case when open and dice2 % 10 = 0 and l.n < 1000000 then '{}'::jsonb end,
        case when not open then '{}'::jsonb end, case when not open then at + interval '4 days' end, '{}',
        case when open and dice2 % 40 = 0 then '{change}' when open and dice2 % 40 = 1 then '{suspension}' else '{}' end::text[],
        case when open and dice2 % 15 = 0 then 'yellow' when open and dice2 % 15 = 1 then 'red' end,
        dice2 % 400 = 0, dice2 % 300 = 0, dice2 % 200 = 0, (dice2 % 500 = 0)::int, u.readers,
        case when dice2 % 1000 = 0 then array[u.path] else '{}' end
    from laid l
        join unit_of u on u.n = l.dice % (select count(*) from unit_of)
        join category_of c on c.n = l.dice2 % (select count(*) from category_of)
        join place_of p on p.n = l.dice2 % (select count(*) from place_of)
        join staff_of s on s.n = l.dice % (select count(*) from staff_of)
        join person_of citizen on citizen.n = l.dice2 % (select count(*) from person_of)
    order by l.n;

insert into handling_leg (id, ticket_id, position, unit_id, lead, cycle, state, dispatched_at, auto_signed, return_asked,
        binding, due_at, ended_at)
    select id, id, 0, unit_id, true, cycle, case when ended_at is null then case state when 'accepted' then 'returned' when 'correction' then 'correction'
            when 'return_asked' then 'return_asked' when 'dispatched' then 'dispatched' else 'handling' end else 'done' end,
        accepted_at, false, false, false, due_at, case when state = 'accepted' then accepted_at else ended_at end
    from ticket order by id;
insert into ticket_history (ticket_id, seq, at, staff_id, actor, action, reason, to_state, version, details, hash)
    select id, 1, accepted_at, accepted_by, '同事', 'accept', '', state, 1, '{}', sha256('') from ticket order by id;
insert into timer (ticket_id, seq, name, cycle, runs, started_at, due_at, provisional, met_at, fire_at)
    select id, 0, 'whole', cycle, 'office', accepted_at, due_at, false, ended_at, case when ended_at is null then due_at end
    from ticket order by id;
-- of the pairs of characters one that all hold, one of a twentieth of them, one of its own
insert into ticket_search (ticket_id, grams)
    select id, array[
        search_week(accepted_at) << 42 | (grams('暖气'))[1],
        search_week(accepted_at) << 42 | (20000::bigint << 21 | 20000 + draw % 20),
        search_week(accepted_at) << 42 | (30000::bigint << 21 | 20000 + abs(hashtext(digits)) % 50000)]
    from ticket order by id;

insert into call_record (id, rev, direction, hotline, hotline_name, dialled, person_id, agent_id, invite_at, answered_at,
        ended_at, ending)
    select pg_temp.id(at, l.n), 1, 'in', '12345', '12345', '12345', citizen.id, s.id, at,
        at + interval '9 seconds', at + interval '3 minutes', 'caller_hung_up'
    from laid l join staff_of s on s.n = l.dice % (select count(*) from staff_of)
        join person_of citizen on citizen.n = l.dice2 % (select count(*) from person_of)
    order by l.n;
insert into notice (id, at, ticket_id, kind, template, person_id, to_masked, text, segments, dedupe, state, run_at)
    select id, accepted_at, id, 'sms', 'accepted', person_id, '138****0001', '已受理', 1, digits, 'sent', accepted_at
    from ticket order by id;
insert into audit_event (at, staff_id, actor, act, thing, thing_id)
    select accepted_at, accepted_by, '同事', 'viewed', 'ticket', id from ticket order by id;
insert into callback_task (id, person_id, call_id, hotline, hotline_name, missed_at, due_at, done_at, done_why)
    select pg_temp.id(at, l.n), citizen.id, pg_temp.id(at, l.n), '12345', '12345', at, at,
        case when l.n <= 999000 then at end, case when l.n <= 999000 then 'answered' end
    from laid l join person_of citizen on citizen.n = l.n / 10 % (select count(*) from person_of)
    where l.n % 10 = 0;

do $$ declare made record; begin
    for made in select indexdef from made_later loop execute made.indexdef; end loop;
end $$;
