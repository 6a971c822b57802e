insert into category (id, code, name, path, position)
select gen_random_uuid(), n::text, '类别' || n, '类别' || n, n from generate_series(1, 60) n;
insert into place (id, name, kind, path)
select gen_random_uuid(), '地点' || n, '小区', '地点' || n from generate_series(1, 500) n;

create temp table units as select row_number() over (order by path) - 1 as at_unit, id, path from unit;
create temp table cats as select row_number() over () - 1 as at_cat, id from category;
create temp table spots as select row_number() over () - 1 as at_spot, id from place;

-- one ticket a minute, newest last; ids begin with the moment of acceptance
insert into ticket (id, number, digits, query_code, key, version, events, chain, title, content, kind, urgency,
    category_id, place_id, reachable, sealed, wants_reply, channel, accepted_by, profile, profile_version, draw,
    state, since, cycle, unit_id, accepted_at, promise_at, due_at, provisional, was_late, returns, urges,
    ended_at, ending, readers)
select
    (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0')
        || '8' || lpad(to_hex(n), 15, '0'))::uuid,
    'N' || n, lpad(n::text, 13, '0'), '0000', gen_random_uuid(), 1, 1, '\x00',
    case when n % 20 = 0 then '阳光小区供热不足' else '路灯不亮' end, '请尽快处理', 
    (array['help', 'complaint', 'inquiry', 'report'])[1 + n % 4],
    case when n % 200 = 0 then 'emergency' else 'normal' end,
    cats.id, spots.id, true, n % 30 = 0, true, (array['phone', 'web', 'phone', '110'])[1 + n % 4],
    'STAFF'::uuid, 'siping', 1, 0,
    case when open then (array['accepted', 'dispatched', 'handling', 'in_review', 'in_follow_up'])[1 + n % 5]
        else 'closed' end,
    at, 1, units.id, at, at + interval '7 days', at + interval '5 days', n % 500 = 0, n % 40 = 0,
    (n % 100 = 0)::int, (n % 90 = 0)::int,
    case when not open then at + interval '6 days' end, case when not open then '"followed_up"'::jsonb end,
    array['=' || units.path] || path_line(units.path)
from (
    select n, '2026-03-02 01:00Z'::timestamptz - (ROWS - n) * interval '1 minute' as at, n > ROWS - 20000 as open
    from generate_series(1, ROWS) n
) made
join units on at_unit = n % (select count(*) from units)
join cats on at_cat = n % 60
join spots on at_spot = n % 500;

insert into handling_leg (id, ticket_id, position, unit_id, lead, cycle, state, dispatched_at, auto_signed,
    return_asked, binding, due_at, ended_at)
select gen_random_uuid(), id, 0, unit_id, true, 1,
    case when ended_at is null then 'handling' else 'done' end, since, false, false, false, due_at, ended_at
from ticket;

insert into ticket_history (ticket_id, seq, at, staff_id, actor, action, reason, to_state, version, details, hash)
select id, 1, since, case when right(number, 1) = '3' then accepted_by end, '甲', 'accept', '', 'accepted', 1, '{}',
    decode(repeat('00', 32), 'hex')
from ticket;

insert into ticket_search (ticket_id, grams)
select id, array(select (search_week(accepted_at) << 42) | pair from unnest(words.pairs) pair)
from ticket join (
    select text, grams(text) as pairs from unnest(array['阳光小区供热不足', '路灯不亮']) text
) words on words.text = ticket.title;
