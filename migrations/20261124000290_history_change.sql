-- What an event changed of the ticket's life: folded in order, the changes give the life that the row,
-- its legs and its limits must show. None in events that were written before this column.
alter table ticket_history add column change jsonb;
grant select, insert on ticket_history to lianxin_app;
