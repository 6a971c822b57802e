-- Row security, the second lock: what someone may not see, no query of the application gives them,
-- however it is written. Whoever reads says who looks, for the transaction:
--     set local lianxin.viewer = '…'
--   system         the conductor, jobs, the telephone side: everything
--   KEY PATH       staff: KEY is * for the whole city, 001.004 for a unit and all below it, =001.004.002
--                  for one unit; PATH is the own unit, which never reads a complaint about itself (回避)
-- Without it nothing is seen. The owner (migrations, backup, functions of the owner) is not bound.

-- By what a ticket is found in someone's range: for each unit that has or had a leg of it `=path`, and
-- its path with all above. `avoided` are the paths of the units complained about. Kept by triggers,
-- so that no way of writing forgets them.
alter table ticket
    add column if not exists against_units uuid[] not null default '{}',
    add column readers text[] collate "C" not null default '{}',
    add column avoided text[] collate "C" not null default '{}';

-- A path and all paths above it.
create function path_line(path text) returns text[] language sql immutable strict parallel safe
    set search_path = pg_catalog as $$
    select array(select left(path, 3 + 4 * n) from generate_series(0, (length(path) - 3) / 4) n)
$$;

create function ticket_gets_reader() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    update ticket set readers = array(
            select distinct key from unnest(readers || ('=' || unit.path) || path_line(unit.path)) key)
        from unit
        where ticket.id = new.ticket_id and unit.id = new.unit_id and not readers @> array['=' || unit.path];
    return null;
end $$;
create trigger handling_leg_reader after insert on handling_leg
    for each row execute function ticket_gets_reader();

create function ticket_avoids() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    new.avoided = array(select path from unit where id = any(new.against_units));
    return new;
end $$;
create trigger ticket_avoided_new before insert on ticket
    for each row when (new.against_units <> '{}') execute function ticket_avoids();
create trigger ticket_avoided before update on ticket
    for each row when (new.against_units is distinct from old.against_units) execute function ticket_avoids();

update ticket set readers = coalesce((
    select array_agg(distinct key)
    from handling_leg leg join unit on unit.id = leg.unit_id, unnest(('=' || unit.path) || path_line(unit.path)) key
    where leg.ticket_id = ticket.id), '{}');

-- Who looks. Asked once a query: policies call these inside `(select …)`.
create function viewer_is_system() returns boolean language sql stable parallel safe
    set search_path = pg_catalog as $$ select coalesce(current_setting('lianxin.viewer', true) = 'system', false) $$;
create function viewer_key() returns text language sql stable parallel safe
    set search_path = pg_catalog as $$
    select nullif(split_part(coalesce(current_setting('lianxin.viewer', true), ''), ' ', 1), '')
$$;
create function viewer_line() returns text[] language sql stable parallel safe
    set search_path = public, pg_temp as $$
    select case when length(own) >= 3 then path_line(own) else '{}' end
    from split_part(coalesce(current_setting('lianxin.viewer', true), ''), ' ', 2) own
$$;

alter table ticket enable row level security;
create policy seen on ticket for select using (
    (select viewer_is_system())
    or (((select viewer_key()) = '*' or (select viewer_key()) = any (readers)) and not avoided && (select viewer_line())));
create policy added on ticket for insert with check ((select viewer_is_system()));
create policy changed on ticket for update using ((select viewer_is_system()));

-- Whether the viewer sees a ticket: by the policy above. A function, so that it is always asked by key.
create function sees_ticket(wanted uuid) returns boolean language plpgsql stable cost 1000 as $$
begin
    return exists (select from ticket where id = wanted);
end $$;

alter table handling_leg enable row level security;
create policy seen on handling_leg for select using ((select viewer_is_system()) or sees_ticket(ticket_id));
create policy added on handling_leg for insert with check ((select viewer_is_system()));
create policy changed on handling_leg for update using ((select viewer_is_system()));

alter table timer enable row level security;
create policy seen on timer for select using ((select viewer_is_system()) or sees_ticket(ticket_id));
create policy added on timer for insert with check ((select viewer_is_system()));
create policy changed on timer for update using ((select viewer_is_system()));

alter table ticket_history enable row level security;
create policy seen on ticket_history for select using ((select viewer_is_system()) or sees_ticket(ticket_id));
create policy added on ticket_history for insert with check ((select viewer_is_system()));

alter table rating enable row level security;
create policy seen on rating for select using ((select viewer_is_system()) or sees_ticket(ticket_id));
create policy added on rating for insert with check ((select viewer_is_system()));

-- What citizens were sent holds the query code: no unit reads it.
alter table notice enable row level security;
create policy seen on notice for select using (
    (select viewer_is_system()) or (select viewer_key()) = '*'
    or (person_id is null and ticket_id is not null and sees_ticket(ticket_id)));
create policy added on notice for insert with check ((select viewer_is_system()));
create policy changed on notice for update using ((select viewer_is_system()));

-- A citizen's sealed record: for units only of a ticket that they see and that is not sealed.
create function sees_person(wanted uuid) returns boolean language plpgsql stable cost 1000 as $$
begin
    return exists (select from ticket where person_id = wanted and not sealed);
end $$;
alter table person enable row level security;
create policy seen on person for select using (
    (select viewer_is_system()) or (select viewer_key()) = '*' or sees_person(id));
create policy added on person for insert with check ((select viewer_is_system()));
create policy changed on person for update using ((select viewer_is_system()));

alter table person_number enable row level security;
create policy seen on person_number for select using ((select viewer_is_system()) or (select viewer_key()) = '*');
create policy added on person_number for insert with check ((select viewer_is_system()));
