-- Tickets (工单): the request, where it stands, the units' legs, the running limits, the history.
-- Rows marked `demo` belong to the demonstration and are taken out by remove_demo_tickets().

create table ticket (
    id uuid primary key,
    number text not null unique,
    digits text not null unique check (digits ~ '^[0-9]{13,17}$'),
    query_code text not null check (query_code ~ '^[0-9]{4}$'),
    -- submitting twice makes one ticket
    key uuid not null unique,
    version bigint not null check (version > 0),
    -- the last event of its history, and that event's hash
    events int not null,
    chain bytea not null,
    -- what the citizen asked for
    title text not null check (title <> ''),
    content text not null,
    kind text not null check (kind in ('inquiry', 'help', 'complaint', 'report', 'suggestion', 'praise')),
    urgency text not null check (urgency in ('normal', 'utility', 'emergency')),
    category_id uuid references category,
    place_id uuid references place,
    address text not null default '',
    person_id uuid references person,
    reachable boolean not null,
    sealed boolean not null,
    wants_reply boolean not null,
    channel text not null check (channel in ('phone', 'manual', 'web', 'message_board', '110')),
    source text,
    outside_number text,
    outside_due timestamptz,
    call_id uuid,
    accepted_by uuid references staff,
    -- the rules it began with
    profile text not null,
    profile_version int not null,
    draw smallint not null check (draw between 0 and 99),
    -- where it stands
    state text not null check (state in ('accepted', 'dispatched', 'handling', 'return_asked', 'in_review',
        'correction', 'in_follow_up', 'disputed', 'closed', 'not_accepted', 'cancelled')),
    since timestamptz not null,
    cycle smallint not null check (cycle > 0),
    unit_id uuid references unit,
    accepted_at timestamptz not null,
    promise_at timestamptz not null,
    due_at timestamptz,
    provisional boolean not null,
    was_late boolean not null,
    returns smallint not null default 0,
    corrections smallint not null default 0,
    extensions smallint not null default 0,
    extension_days smallint not null default 0,
    urges smallint not null default 0,
    misses smallint not null default 0,
    last_miss timestamptz,
    dispatchers uuid[] not null default '{}',
    reviewers uuid[] not null default '{}',
    followers uuid[] not null default '{}',
    extension jsonb,
    ending jsonb,
    ended_at timestamptz,
    demo boolean not null default false,
    check ((state in ('closed', 'not_accepted', 'cancelled')) = (ended_at is not null)),
    check ((ending is null) = (ended_at is null)),
    check (state not in ('dispatched', 'handling', 'return_asked', 'correction', 'in_review') or unit_id is not null)
);
create index ticket_newest on ticket (accepted_at desc, id desc);
create index ticket_open on ticket (state, due_at, id) where ended_at is null;
create index ticket_open_due on ticket (due_at, id) where ended_at is null and due_at is not null;
create index ticket_person on ticket (person_id, accepted_at desc) where person_id is not null;
create index ticket_call on ticket (call_id) where call_id is not null;
create index ticket_demo on ticket (id) where demo;
grant select, insert, update on ticket to lianxin_app;

-- One unit's part in a ticket (办理环节).
create table handling_leg (
    id uuid primary key,
    ticket_id uuid not null references ticket on delete cascade,
    position smallint not null,
    unit_id uuid not null references unit,
    lead boolean not null,
    parent_id uuid references handling_leg,
    cycle smallint not null,
    state text not null check (state in ('dispatched', 'handling', 'return_asked', 'replied', 'correction',
        'returned', 'done', 'recalled')),
    dispatched_at timestamptz not null,
    dispatched_by uuid references staff,
    sign_due timestamptz,
    signed_at timestamptz,
    auto_signed boolean not null,
    return_due timestamptz,
    return_asked boolean not null,
    binding boolean not null,
    due_at timestamptz not null,
    replied_at timestamptz,
    ended_at timestamptz,
    reply jsonb,
    unique (ticket_id, position),
    check ((state in ('returned', 'done', 'recalled')) = (ended_at is not null))
);
create index handling_leg_unit on handling_leg (unit_id, ticket_id);
create index handling_leg_open on handling_leg (unit_id, state, due_at) where ended_at is null;
grant select, insert, update on handling_leg to lianxin_app;

-- The running limits (计时). `fire_at` is when the job has to look next.
create table timer (
    ticket_id uuid not null references ticket on delete cascade,
    seq smallint not null,
    name text not null check (name in ('dispatch', 'sign', 'handling', 'review', 'follow_up', 'whole',
        'decide_return', 'decide_extension')),
    leg_id uuid,
    cycle smallint not null,
    runs text not null check (runs in ('office', 'hotline', 'always')),
    started_at timestamptz not null,
    due_at timestamptz not null,
    provisional boolean not null,
    warn_at timestamptz,
    late_at timestamptz,
    met_at timestamptz,
    stopped_at timestamptz,
    fire_at timestamptz,
    primary key (ticket_id, seq),
    check (fire_at is null or (met_at is null and stopped_at is null and late_at is null))
);
create index timer_fire on timer (fire_at) where fire_at is not null;
grant select, insert, update on timer to lianxin_app;

-- Every step and mark of a ticket: read and added to, never changed. Each line carries the hash of
-- itself and of the line before.
create table ticket_history (
    ticket_id uuid not null references ticket on delete cascade,
    seq int not null,
    at timestamptz not null,
    staff_id uuid,
    actor text not null,
    unit_id uuid,
    unit_name text,
    action text not null,
    reason text not null,
    note text,
    from_state text,
    to_state text not null,
    version bigint not null,
    leg_id uuid,
    details jsonb not null,
    hash bytea not null check (length(hash) = 32),
    primary key (ticket_id, seq)
);
grant select, insert on ticket_history to lianxin_app;

-- What the citizen said when asked (回访、评价): one line an attempt.
create table rating (
    ticket_id uuid not null references ticket on delete cascade,
    at timestamptz not null,
    cycle smallint not null,
    staff_id uuid,
    reached boolean not null,
    contacted boolean,
    solved text check (solved in ('solved', 'partly', 'unsolved')),
    satisfaction text check (satisfaction in ('very_satisfied', 'satisfied', 'fairly', 'dissatisfied',
        'very_dissatisfied', 'declined')),
    words text not null,
    not_true boolean not null,
    call_id uuid,
    primary key (ticket_id, at),
    check (reached or (contacted is null and solved is null and satisfaction is null))
);
grant select, insert on rating to lianxin_app;

-- The daily sequence behind a ticket's number: a sequence for each day, made by its first ticket.
-- Nobody waits for a row; a number whose ticket was not kept is a gap.
create function next_ticket_number(day date) returns int language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    name text := 'ticket_number_' || to_char(day, 'YYYYMMDD');
begin
    if to_regclass(name) is null then
        begin
            execute format('create sequence if not exists %I', name);
        exception when unique_violation or duplicate_table then
            null; -- somebody else's first ticket of the day
        end;
    end if;
    return nextval(to_regclass(name));
end $$;
revoke all on function next_ticket_number(date) from public;
grant execute on function next_ticket_number(date) to lianxin_app;

-- Takes the demonstration's tickets out, with their legs, limits and history: those that were laid,
-- and those that its people accepted while trying it. A ticket of real staff stays.
create function remove_demo_tickets() returns bigint language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    update ticket set demo = true
        where not demo and accepted_by in (select id from staff where staff.demo);
    update handling_leg set parent_id = null
        where parent_id is not null and ticket_id in (select id from ticket where demo);
    delete from ticket where demo;
    get diagnostics gone = row_count;
    return gone;
end $$;
revoke all on function remove_demo_tickets() from public;
grant execute on function remove_demo_tickets() to lianxin_app;
