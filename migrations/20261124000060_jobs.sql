-- Work to be done outside a transaction: claimed, done, deleted. What was given up stays for a person.
create table job (
    id bigint generated always as identity primary key,
    kind text not null check (kind <> ''),
    -- jobs of one key run one after the other, in the order they were added
    order_key text,
    -- adding a job with a key that is there already adds nothing
    once_key text unique,
    payload jsonb not null,
    created_at timestamptz not null,
    run_at timestamptz not null,
    -- how often it was claimed; names the claim, too
    attempts integer not null default 0 check (attempts >= 0),
    leased_until timestamptz,
    last_error text,
    given_up_at timestamptz,
    check (given_up_at is null or leased_until is null)
);
create index job_due on job (kind, run_at, id) where given_up_at is null;
create index job_order on job (order_key, id) where order_key is not null and given_up_at is null;
grant select, insert, update, delete on job to lianxin_app;
