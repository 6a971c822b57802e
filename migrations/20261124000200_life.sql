-- The ticket's whole life: arbitration, suspension, withdrawal, final reply, transfer, joining,
-- filing. What lists filter by are columns; the rest of it is one document beside (`side`).

alter table ticket drop constraint ticket_state_check;
alter table ticket add constraint ticket_state_check check (state in ('accepted', 'dispatched', 'handling',
    'return_asked', 'in_arbitration', 'suspended', 'in_review', 'correction', 'in_follow_up', 'disputed',
    'final_review', 'withdrawal', 'transferred_out', 'merged', 'closed', 'not_accepted', 'cancelled', 'archived'));
alter table ticket drop constraint ticket_check;
alter table ticket add constraint ticket_ended_check
    check ((state in ('closed', 'not_accepted', 'cancelled', 'archived')) = (ended_at is not null));

alter table handling_leg drop constraint handling_leg_state_check;
alter table handling_leg add constraint handling_leg_state_check check (state in ('dispatched', 'handling',
    'return_asked', 'in_approval', 'replied', 'correction', 'returned', 'done', 'recalled'));

alter table timer drop constraint timer_name_check;
alter table timer add constraint timer_name_check check (name in ('dispatch', 'sign', 'first_contact', 'handling',
    'review', 'follow_up', 'whole', 'decide_return', 'decide_extension', 'arbitration', 'decide_suspension',
    'suspension_review', 'suspension', 'decide_withdrawal', 'decide_final', 'oversight'));

alter table ticket
    -- who is complained about (被投诉单位): it and all below it neither handle nor read
    add column against_units uuid[] not null default '{}',
    add column side jsonb not null default '{}',
    -- requests that wait for a decision: suspension, change, oversight
    add column asks text[] not null default '{}',
    -- the strongest standing mark of oversight
    add column oversight text check (oversight in ('notice', 'yellow', 'red', 'order', 'meeting')),
    add column mass boolean not null default false,
    add column withdrawn boolean not null default false,
    add column self_reported boolean not null default false,
    add column merged_into uuid references ticket,
    add column merged_children smallint not null default 0,
    add constraint ticket_merged_check check (state <> 'merged' or merged_into is not null);

create index ticket_oversight on ticket (oversight, due_at, id) where oversight is not null and ended_at is null;
create index ticket_asks on ticket using gin (asks) where asks <> '{}';
create index ticket_children on ticket (merged_into) where merged_into is not null;
create index ticket_to_file on ticket (ended_at, id) where ended_at is not null and state <> 'archived';

-- A ticket that was joined to one of the demonstration's is on its own again.
create or replace function remove_demo_tickets() returns bigint language plpgsql security definer
    set search_path = public, pg_temp as $$
declare
    gone bigint;
begin
    update ticket set demo = true
        where not demo and accepted_by in (select id from staff where staff.demo);
    update handling_leg set parent_id = null
        where parent_id is not null and ticket_id in (select id from ticket where demo);
    update ticket set merged_into = null, state = case state when 'merged' then 'accepted' else state end
        where merged_into in (select id from ticket where demo);
    delete from ticket where demo;
    get diagnostics gone = row_count;
    return gone;
end $$;
