-- Errands (后台任务): what a person asked for and a job does: steps for many tickets, exports.
create table errand (
    id uuid primary key,
    kind text not null check (kind in ('bulk', 'export')),
    at timestamptz not null,
    staff_id uuid not null references staff on delete cascade,
    state text not null check (state in ('queued', 'running', 'done', 'failed')),
    total int not null default 0,
    done int not null default 0,
    request jsonb not null,
    why text,
    -- an export's file: its name among the objects, what a browser calls it, until when it is kept
    object text,
    file_name text,
    sha256 bytea,
    expires_at timestamptz,
    ended_at timestamptz,
    check ((state in ('done', 'failed')) = (ended_at is not null))
);
create index errand_staff on errand (staff_id, at desc);
grant select, insert, update on errand to lianxin_app;

-- One ticket of a bulk action, as it was when the action was asked for.
create table errand_row (
    errand_id uuid not null references errand on delete cascade,
    position int not null,
    ticket_id uuid not null references ticket on delete cascade,
    number text not null,
    version bigint not null,
    ok boolean,
    error text,
    primary key (errand_id, position)
);
create index errand_row_ticket on errand_row (ticket_id);
grant select, insert, update on errand_row to lianxin_app;

-- Answers to requests with an Idempotency-Key, kept for a day.
create table idempotency (
    staff_id uuid not null references staff on delete cascade,
    key text not null,
    asked_sha256 bytea not null check (length(asked_sha256) = 32),
    at timestamptz not null,
    -- none while the first request is still being worked on
    status int,
    etag text,
    body bytea,
    primary key (staff_id, key)
);
create index idempotency_at on idempotency (at);
grant select, insert, update, delete on idempotency to lianxin_app;
