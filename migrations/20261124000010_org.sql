-- The organisation: units, people, sign-in, places, categories, knowledge, persons, audit.
-- Rows marked `demo` belong to the demonstration and are taken out together by remove_demo_org().

-- Units (承办单位): a tree. `path` holds the sibling numbers from the root down ("001.004.002"),
-- compared as bytes, so that "this unit and all below it" is a range.
create table unit (
    id uuid primary key,
    parent_id uuid references unit,
    path text collate "C" not null unique check (path ~ '^[0-9]{3}(\.[0-9]{3})*$'),
    name text not null check (name <> ''),
    level text not null check (level in ('city', 'county', 'township')),
    kind text not null check (kind in ('government', 'hotline', 'department', 'enterprise', 'hub', 'street', 'township')),
    demo boolean not null default false,
    created_at timestamptz not null,
    unique nulls not distinct (parent_id, name)
);
grant select, insert, update on unit to lianxin_app;

-- Everyone who signs in (工作人员). `number` is what citizens hear (工号).
create table staff (
    id uuid primary key,
    number text not null unique check (number ~ '^[0-9]{3,8}$'),
    name text not null unique check (name ~ '^[a-z][a-z0-9._-]{1,39}$'),
    display_name text not null check (display_name <> ''),
    unit_id uuid references unit,
    skills text[] not null default '{}',
    password text,
    totp bytea,
    totp_key text,
    totp_step bigint not null default 0,
    disabled_at timestamptz,
    demo boolean not null default false,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    check ((totp is null) = (totp_key is null))
);
create index staff_unit on staff (unit_id);
grant select, insert, update on staff to lianxin_app;

create table staff_role (
    staff_id uuid not null references staff on delete cascade,
    role text not null check (role in ('agent', 'supervisor', 'dispatcher', 'reviewer', 'follow_up',
        'hub', 'clerk', 'leader', 'administrator')),
    primary key (staff_id, role)
);
grant select, insert, delete on staff_role to lianxin_app;

-- A sign-in (登录). Only the hash of the cookie's token is kept.
create table login (
    token_hash bytea primary key check (length(token_hash) = 32),
    staff_id uuid not null references staff on delete cascade,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    ends_at timestamptz not null,
    address text not null
);
create index login_staff on login (staff_id);
create index login_ends on login (ends_at);
grant select, insert, update, delete on login to lianxin_app;

-- A one-time link by which a new member of staff sets the first password.
create table invitation (
    token_hash bytea primary key check (length(token_hash) = 32),
    staff_id uuid not null references staff on delete cascade,
    created_at timestamptz not null,
    ends_at timestamptz not null,
    used_at timestamptz
);
grant select, insert, update on invitation to lianxin_app;

-- Places (地名): districts down to communities and roads. `path` is what people read.
create table place (
    id uuid primary key,
    parent_id uuid references place,
    name text not null check (name <> ''),
    kind text not null,
    path text not null unique,
    aliases text[] not null default '{}',
    demo boolean not null default false
);
grant select, insert, update on place to lianxin_app;

-- What a request is about (诉求类别): two levels, with the unit that usually handles it.
create table category (
    id uuid primary key,
    code text not null unique,
    parent_id uuid references category,
    name text not null check (name <> ''),
    path text not null,
    unit_id uuid references unit,
    position int not null,
    demo boolean not null default false
);
grant select, insert, update on category to lianxin_app;

-- Knowledge (知识库): an entry and its versions. A version is never changed; a ticket cites one.
create table knowledge (
    id uuid primary key,
    version int not null check (version > 0),
    withdrawn_at timestamptz,
    demo boolean not null default false
);
grant select, insert, update on knowledge to lianxin_app;

create table knowledge_version (
    knowledge_id uuid not null references knowledge on delete cascade,
    version int not null check (version > 0),
    title text not null check (title <> ''),
    answer text not null check (answer <> ''),
    issuer text not null check (issuer <> ''),
    keywords text[] not null default '{}',
    valid_until date,
    written_at timestamptz not null,
    written_by text not null,
    primary key (knowledge_id, version)
);
grant select, insert on knowledge_version to lianxin_app;

-- Citizens (诉求人): one sealed record each. Other tables hold the id, never a number.
create table person (
    id uuid primary key,
    sealed bytea not null,
    key_id text not null,
    demo boolean not null default false,
    created_at timestamptz not null,
    changed_at timestamptz not null
);
grant select, insert, update on person to lianxin_app;

-- Found by a keyed hash of the number in its canonical form; several people may share a telephone.
create table person_number (
    lookup bytea not null check (length(lookup) = 32),
    person_id uuid not null references person on delete cascade,
    key_id text not null,
    primary key (lookup, person_id)
);
create index person_number_person on person_number (person_id);
grant select, insert on person_number to lianxin_app;

-- Who looked at what, listened to what, changed whom (审计): read and added to, never changed.
-- Names are copied, so that the line stays true when the person is renamed.
create table audit_event (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    staff_id uuid,
    actor text not null,
    act text not null,
    thing text not null,
    thing_id text,
    reason text,
    details jsonb not null default '{}'
);
create index audit_event_thing on audit_event (thing, thing_id, at);
create index audit_event_staff on audit_event (staff_id, at);
grant select, insert on audit_event to lianxin_app;

-- Takes the demonstration's organisation out. What still points at a row of it stops the removal.
create function remove_demo_org() returns void language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    delete from knowledge where demo;
    delete from person where demo;
    delete from category where demo;
    delete from staff where demo;
    delete from place where demo;
    delete from unit where demo;
end $$;
revoke all on function remove_demo_org() from public;
grant execute on function remove_demo_org() to lianxin_app;
