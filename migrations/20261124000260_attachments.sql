-- Attachments (附件): what was uploaded to a ticket. The file itself lies sealed among the objects.
create table attachment (
    id uuid primary key,
    ticket_id uuid not null references ticket on delete cascade,
    at timestamptz not null,
    staff_id uuid,
    actor text not null,
    unit_id uuid references unit on delete set null,
    purpose text not null check (purpose in ('evidence', 'contact', 'request')),
    name text not null check (name <> ''),
    type text not null,
    bytes bigint not null check (bytes > 0),
    -- of what is kept, and of what was sent (an image is written anew without its metadata)
    sha256 bytea not null check (length(sha256) = 32),
    sent_sha256 bytea not null check (length(sent_sha256) = 32),
    object text not null unique,
    -- the Idempotency-Key: sending twice keeps one
    key text,
    unique (staff_id, key)
);
create index attachment_ticket on attachment (ticket_id, at, id);
create index attachment_unit on attachment (unit_id) where unit_id is not null;
grant select, insert on attachment to lianxin_app;
