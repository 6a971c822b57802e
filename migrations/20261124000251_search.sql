-- Search in tickets: the pairs of characters of title, content, address and number (see grams()), each
-- with the week of acceptance before it. So a word that stands in every second ticket is looked for
-- week by week from the newest on, and the search ends when it has enough.
create table ticket_search (
    ticket_id uuid primary key references ticket on delete cascade,
    grams bigint[] not null
);
create index ticket_search_grams on ticket_search using gin (grams);
-- Nobody reads it but the search below: row security without a policy shows nothing.
alter table ticket_search enable row level security;
grant select on ticket_search to lianxin_app;

create function search_week(at timestamptz) returns bigint language sql immutable strict parallel safe
    set search_path = pg_catalog as $$ select floor(extract(epoch from $1) / 604800)::bigint $$;

create function ticket_words(of ticket) returns bigint[] language sql immutable parallel safe
    set search_path = public, pg_temp as $$
    select coalesce(array_agg((search_week(of.accepted_at) << 42) | gram), '{}')
    from unnest(grams(concat_ws(' ', of.title, of.content, of.address, of.digits))) gram
$$;

-- In the same transaction as the ticket, whoever writes it.
create function ticket_is_found() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    insert into ticket_search (ticket_id, grams) values (new.id, ticket_words(new))
    on conflict (ticket_id) do update set grams = excluded.grams;
    return null;
end $$;
create trigger ticket_found_new after insert on ticket for each row execute function ticket_is_found();
create trigger ticket_found after update of title, content, address on ticket for each row
    when ((new.title, new.content, new.address) is distinct from (old.title, old.content, old.address))
    execute function ticket_is_found();

insert into ticket_search (ticket_id, grams) select id, ticket_words(ticket) from ticket;

-- The newest tickets that hold all these pairs, of those that the viewer sees. A unit does not find a
-- sealed ticket by its words: a search that finds by a hidden name tells the name.
create function search_tickets(wanted bigint[], most int)
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
begin
    if cardinality(wanted) = 0 or range is null then
        return;
    end if;
    select search_week(max(ticket.accepted_at)), search_week(min(ticket.accepted_at)) into week, first from ticket;
    while week >= first and found < most loop
        pairs := array(select (week << 42) | pair from unnest(wanted) pair);
        return query
            select ticket.id, ticket.title, ticket.content, ticket.address
            from ticket_search search join ticket on ticket.id = search.ticket_id
            where search.grams @> pairs
                and (system or ((range = '*' or (range = any (ticket.readers) and not ticket.sealed))
                    and not ticket.avoided && own_line))
            order by ticket.id desc limit most - found;
        get diagnostics got = row_count;
        found := found + got;
        week := week - 1;
    end loop;
end $$;
revoke all on function search_tickets(bigint[], int) from public;
grant execute on function search_tickets(bigint[], int) to lianxin_app;
-- The time of the first and of the last.
create index ticket_accepted on ticket (accepted_at);
