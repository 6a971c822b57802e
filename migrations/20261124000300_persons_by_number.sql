-- Everyone known with a number, the one changed last first. Always by the index: a connection keeps
-- the plan of its first minutes, and a plan made while the table was small would read all of it later.
create function persons_by_number(wanted bytea) returns table (id uuid, sealed bytea, key_id text)
    language plpgsql stable set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
    return query
        select person.id, person.sealed, person.key_id
        from person_number join person on person.id = person_number.person_id
        where person_number.lookup = wanted
        order by person.changed_at desc, person.id desc;
end $$;
revoke all on function persons_by_number(bytea) from public;
grant execute on function persons_by_number(bytea) to lianxin_app;
