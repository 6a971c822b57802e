-- Each list of the console has an index that gives its page in its order. A ticket's id begins with
-- the moment of its acceptance: what ends with an id gives the newest first, and so does the primary
-- key. What most tickets are needs no index; marks that few carry have small ones.
drop index ticket_newest;
create index ticket_state on ticket (state, id);
create index ticket_unit on ticket (unit_id, id) where unit_id is not null;
create index ticket_category on ticket (category_id, id) where category_id is not null;
create index ticket_place on ticket (place_id, id) where place_id is not null;
create index ticket_urgent on ticket (urgency, id) where urgency <> 'normal';
create index ticket_late on ticket (id) where was_late;
create index ticket_extension on ticket (id) where extension is not null and ended_at is null;
create index ticket_open_accepted_by on ticket (accepted_by, id) where ended_at is null;
create index ticket_history_staff on ticket_history (staff_id, ticket_id) where staff_id is not null;
create index handling_leg_parent on handling_leg (parent_id) where parent_id is not null;
create index ticket_due on ticket ((coalesce(due_at, 'infinity')), id);
create index ticket_mark_extensions on ticket (id) where extensions > 0;
create index ticket_mark_returns on ticket (id) where returns > 0;
create index ticket_mark_cycle on ticket (id) where cycle > 1;
create index ticket_mark_urges on ticket (id) where urges > 0;
create index ticket_mark_corrections on ticket (id) where corrections > 0;
create index ticket_mark_sealed on ticket (id) where sealed;
create index ticket_mark_provisional on ticket (id) where provisional;
