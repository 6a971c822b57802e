-- The application's role: neither owner nor superuser. Each table grants it what it may do;
-- history it may only read and add to. At a given server its administrator may have made it.
do $$ begin
    if not exists (select from pg_roles where rolname = 'lianxin_app') then
        create role lianxin_app login;
    end if;
exception when duplicate_object or unique_violation then null;
end $$;
grant usage on schema public to lianxin_app;
