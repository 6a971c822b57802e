-- What was said in calls (转写). Rows are only ever added: a final sentence stays as it was heard.
create table transcript_segment (
    -- no reference: the sentence can be there before the call's own row leaves the spool
    call_id uuid not null,
    track text not null check (track in ('citizen', 'agent')),
    position integer not null check (position >= 0),
    from_ms bigint not null check (from_ms >= 0),
    to_ms bigint not null check (to_ms >= from_ms),
    text text not null,
    -- which model heard it
    model text not null,
    heard_at timestamptz not null,
    primary key (call_id, track, position)
);
grant select, insert on transcript_segment to lianxin_app;
