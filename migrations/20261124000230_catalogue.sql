-- What the hotline sends by: categories with their details and versions, the dispatch catalogue and
-- what may not be pushed down, and who is on duty in a unit.

-- The current form of a category; each earlier one stays in category_version.
alter table category
    add column kind text check (kind in ('inquiry', 'help', 'complaint', 'report', 'suggestion', 'praise')),
    add column sensitive boolean not null default false,
    add column candidates uuid[] not null default '{}',
    add column knowledge_id uuid references knowledge on delete set null,
    add column form jsonb not null default '[]' check (jsonb_typeof(form) = 'array'),
    add column version int not null default 1 check (version > 0),
    add column withdrawn_at timestamptz;

create table category_version (
    category_id uuid not null references category on delete cascade,
    version int not null check (version > 0),
    written_at timestamptz not null,
    written_by text not null,
    data jsonb not null,
    primary key (category_id, version)
);
grant select, insert on category_version to lianxin_app;

-- A whole catalogue (派单目录), in force from a day on. A version is never changed.
create table catalogue_version (
    version int primary key check (version > 0),
    valid_from date not null,
    note text not null default '',
    written_at timestamptz not null,
    written_by text not null,
    demo boolean not null default false
);
create index catalogue_version_day on catalogue_version (valid_from desc, version desc);
grant select, insert on catalogue_version to lianxin_app;

-- Which units handle a category, in one district or, without one, anywhere.
create table catalogue_entry (
    version int not null references catalogue_version on delete cascade,
    category_id uuid not null references category,
    district_id uuid references place,
    units uuid[] not null check (cardinality(units) > 0),
    unique nulls not distinct (version, category_id, district_id)
);
grant select, insert on catalogue_entry to lianxin_app;

-- What may not be sent to streets and townships (基层禁派清单), and the rule that says so.
create table catalogue_ban (
    version int not null references catalogue_version on delete cascade,
    category_id uuid not null references category,
    rule text not null check (rule <> ''),
    primary key (version, category_id)
);
grant select, insert on catalogue_ban to lianxin_app;

-- Who answers for a unit: its clerk, its leader, and who is on duty when (值班表).
create table unit_duty (
    id bigint generated always as identity primary key,
    unit_id uuid not null references unit on delete cascade,
    post text not null check (post in ('clerk', 'duty', 'leader')),
    name text not null check (name <> ''),
    mobile text,
    email text,
    starts_at timestamptz,
    ends_at timestamptz,
    demo boolean not null default false,
    check ((starts_at is null) = (ends_at is null)),
    check (ends_at > starts_at),
    check (mobile is not null or email is not null)
);
create index unit_duty_unit on unit_duty (unit_id, starts_at);
grant select, insert, delete on unit_duty to lianxin_app;

-- A place that is no longer used stays for the tickets that name it.
alter table place add column withdrawn_at timestamptz;

create or replace function remove_demo_org() returns void language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    delete from catalogue_version where demo;
    delete from unit_duty where demo;
    delete from knowledge where demo;
    delete from person where demo;
    delete from category where demo;
    delete from staff where demo;
    delete from place where demo;
    delete from unit where demo;
end $$;
