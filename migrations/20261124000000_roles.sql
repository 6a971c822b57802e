-- The application's role: neither owner nor superuser. Each table grants it what it may do;
-- history it may only read and add to.
do $$ begin
    create role lianxin_app login;
exception when duplicate_object then null;
end $$;
grant usage on schema public to lianxin_app;
