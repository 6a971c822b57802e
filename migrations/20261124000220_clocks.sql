-- Clocks remember what they were counted from: limit, cap, floor, extensions, pauses, the round of their
-- marks. A clock that stands still has no moment to fire at. Several warnings take the place of one.
alter table timer
    add column counted jsonb not null default '{}',
    add column warns timestamptz[] not null default '{}';
update timer set warns = array[warn_at] where warn_at is not null;
alter table timer drop column warn_at;

-- Each mark exactly once, whoever fires it and however often it is tried.
create unique index ticket_history_fired on ticket_history
    (ticket_id, (details ->> 'seq'), (details ->> 'mark')) where action in ('warn', 'late');

-- Recomputing looks for clocks that run on, and for what was counted beyond the known calendar.
create index timer_running on timer (due_at, ticket_id) where met_at is null and stopped_at is null;

-- What each calendar was when the open clocks were last counted by it.
create table calendar_state (
    name text primary key,
    fingerprint text not null,
    counted_at timestamptz not null
);
grant select, insert, update on calendar_state to lianxin_app;
