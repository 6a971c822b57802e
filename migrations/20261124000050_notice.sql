-- Notices (通知): the outbox of SMS and e-mail. A row is written in the transaction of the step that
-- it tells of, sent afterwards by a job with a lease, and kept.

-- Where a unit's duty desk is reached.
create table unit_contact (
    unit_id uuid primary key references unit on delete cascade,
    mobile text,
    email text,
    demo boolean not null default false
);
grant select, insert, update on unit_contact to lianxin_app;

create table notice (
    id uuid primary key,
    at timestamptz not null,
    ticket_id uuid references ticket on delete cascade,
    call_id uuid,
    kind text not null check (kind in ('sms', 'email')),
    template text not null,
    -- to a citizen or to a unit; the number itself is not here
    person_id uuid references person,
    unit_id uuid references unit,
    to_masked text not null,
    subject text,
    text text not null check (text <> ''),
    segments smallint not null,
    -- one message for one event and one recipient, however often it is asked for
    dedupe text not null unique,
    state text not null check (state in ('queued', 'sent', 'sent_in_demo', 'failed')),
    attempts smallint not null default 0,
    run_at timestamptz not null,
    lease_until timestamptz,
    sent_at timestamptz,
    why text,
    demo boolean not null default false,
    check ((person_id is null) <> (unit_id is null)),
    check ((kind = 'email') = (subject is not null))
);
create index notice_queue on notice (run_at, at, id) where state = 'queued';
create index notice_ticket on notice (ticket_id, at);
create index notice_newest on notice (at desc, id desc);
grant select, insert, update on notice to lianxin_app;

-- Takes out what the demonstration wrote, before its units and persons go.
create function remove_demo_notices() returns void language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    delete from notice where demo;
    delete from unit_contact where demo;
end $$;
revoke all on function remove_demo_notices() from public;
grant execute on function remove_demo_notices() to lianxin_app;
