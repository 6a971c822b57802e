-- The ladder of oversight (督办梯次): a limit that is late is looked at again when its next rung is reached.
alter table timer drop constraint timer_check;
alter table timer add constraint timer_armed check (fire_at is null or (met_at is null and stopped_at is null));

-- Each rung once for a leg, whoever climbs it and however often it is tried. A leg has one cycle.
create unique index ticket_history_rung on ticket_history
    (ticket_id, (details ->> 'leg'), (details ->> 'mark')) where action = 'escalate';

-- Notices to leaders, and to everyone at the hotline who has a role. `desk` (站内) lies in the console:
-- it is there as soon as it is written. `post` says who of a unit, or who at the hotline.
alter table notice add column post text check (post in ('leader', 'agent', 'supervisor', 'dispatcher', 'reviewer',
    'follow_up', 'oversight', 'administrator'));
alter table notice drop constraint notice_kind_check;
alter table notice add constraint notice_kind_check check (kind in ('sms', 'email', 'desk'));
alter table notice drop constraint notice_check;
alter table notice add constraint notice_to check (
    num_nonnulls(person_id, unit_id) = 1 or (person_id is null and kind = 'desk' and post is not null));
create index notice_desk on notice (at desc, id desc) where kind = 'desk';

-- Whoever works for a unit reads what lies there for it, though the matter be another unit's.
create function viewer_unit() returns uuid language sql stable parallel safe
    set search_path = public, pg_temp as $$
    select id from unit where path = nullif(split_part(coalesce(current_setting('lianxin.viewer', true), ''), ' ', 2), '')
$$;
alter policy seen on notice using (
    (select viewer_is_system()) or (select viewer_key()) = '*'
    or (person_id is null and ticket_id is not null and sees_ticket(ticket_id))
    or (kind = 'desk' and unit_id = (select viewer_unit())));
