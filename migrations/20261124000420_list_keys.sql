-- What lists go along: which unit has or had a part in which ticket, and who had a hand in it. Nothing
-- else is told here; every list joins `ticket`, whose own row security says which of them are seen. The
-- policies of the tables behind ask for each row anew, which for a hundred thousand legs takes seconds.
create view leg_key as
    select id, ticket_id, unit_id, parent_id, cycle, state, ended_at from handling_leg;
create view hand_key as
    select ticket_id, staff_id from ticket_history where staff_id is not null;
grant select on leg_key, hand_key to lianxin_app;

-- Sorted by due is what is open: what has ended has no due.
drop index ticket_due;
create index ticket_due on ticket ((coalesce(due_at, 'infinity')), id) where ended_at is null;

-- Callbacks of the last day, beside the open ones.
create index callback_task_done on callback_task (done_at) where done_at is not null;

-- The daily report: what ended, what was urged and overseen, what citizens said on one day.
create index ticket_ended on ticket (ended_at) where ended_at is not null;
create index ticket_history_counted on ticket_history (at) where action in ('urge', 'oversee');
create index rating_at on rating (at);

-- As before, but what holds the pairs is found first: else the planner may go backwards along the key.
create or replace function search_tickets(wanted bigint[], most int)
    returns table (id uuid, title text, content text, address text)
    language plpgsql stable security definer set search_path = public, pg_temp set enable_seqscan = off as $$
declare
    system boolean := viewer_is_system();
    range text := viewer_key();
    own_line text[] := viewer_line();
    week bigint;
    first bigint;
    found int := 0;
    got int;
    pairs bigint[];
    -- one unit's range: of its own legs those that hold the pairs, for few of all that hold a common word
    -- are its own. A ticket's id begins with the moment of its acceptance.
    own uuid;
    lo uuid;
    hi uuid;
begin
    if range like '=%' then
        own := (select unit.id from unit where unit.path = substr(range, 2));
    end if;
    if cardinality(wanted) = 0 or range is null then
        return;
    end if;
    select search_week(max(ticket.accepted_at)), search_week(min(ticket.accepted_at)) into week, first from ticket;
    while week >= first and found < most loop
        pairs := array(select (week << 42) | pair from unnest(wanted) pair);
        lo := (lpad(to_hex(week * 604800000 - 86400000), 12, '0') || repeat('0', 20))::uuid;
        hi := (lpad(to_hex((week + 1) * 604800000 + 86400000), 12, '0') || repeat('f', 20))::uuid;
        return query
            with held as materialized (
                select search.ticket_id from ticket_search search where own is null and search.grams @> pairs
                union
                select search.ticket_id from handling_leg leg join ticket_search search on search.ticket_id = leg.ticket_id
                where leg.unit_id = own and leg.ticket_id between lo and hi and search.grams @> pairs)
            select ticket.id, ticket.title, ticket.content, ticket.address
            from held join ticket on ticket.id = held.ticket_id
            where (system or ((range = '*' or (range = any (ticket.readers) and not ticket.sealed))
                    and not ticket.avoided && own_line))
            order by ticket.id desc limit most - found;
        get diagnostics got = row_count;
        found := found + got;
        week := week - 1;
    end loop;
end $$;
