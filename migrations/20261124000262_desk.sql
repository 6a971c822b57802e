-- What desks keep: reply templates (答复模板), saved filters (常用筛选), shift hand-overs (交接班).
create table reply_template (
    id uuid primary key,
    title text not null check (title <> ''),
    text text not null check (text <> ''),
    category_id uuid references category on delete cascade,
    unit_id uuid references unit on delete cascade,
    version bigint not null,
    changed_at timestamptz not null,
    changed_by text not null,
    removed boolean not null default false
);
create index reply_template_category on reply_template (category_id) where not removed;
create index reply_template_unit on reply_template (unit_id) where not removed;
grant select, insert, update on reply_template to lianxin_app;

create table saved_filter (
    id uuid primary key,
    staff_id uuid not null references staff on delete cascade,
    list text not null,
    name text not null check (name <> ''),
    query jsonb not null,
    version bigint not null,
    changed_at timestamptz not null,
    unique (staff_id, list, name)
);
grant select, insert, update, delete on saved_filter to lianxin_app;

create table handover (
    id uuid primary key,
    at timestamptz not null,
    staff_id uuid references staff on delete set null,
    actor text not null,
    note text not null,
    -- what was open when the shift ended, and what the writer adds
    state jsonb not null,
    items jsonb not null,
    taken_at timestamptz,
    taken_by uuid references staff on delete set null,
    taker text,
    check ((taken_at is null) = (taker is null))
);
create index handover_at on handover (at desc, id desc);
grant select, insert, update on handover to lianxin_app;
