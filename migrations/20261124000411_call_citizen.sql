-- A call to a ticket's citizen, made by somebody of a unit or of the hotline who sees no number.
alter table call_record
    add column ticket_id uuid,
    add column purpose text check (purpose in ('contact', 'follow_up')),
    add constraint call_record_errand_check check ((ticket_id is null) = (purpose is null));
create index call_record_ticket on call_record (ticket_id) where ticket_id is not null;
