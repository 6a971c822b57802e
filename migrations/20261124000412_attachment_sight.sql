-- Row security for attachments: as the ticket they belong to. What the citizen of a sealed ticket sent
-- may tell who they are, and stays with the hotline.
create function sees_open_ticket(wanted uuid) returns boolean language plpgsql stable cost 1000 as $$
begin
    return exists (select from ticket where id = wanted and not sealed);
end $$;
alter table attachment enable row level security;
create policy seen on attachment for select using (
    (select viewer_is_system())
    or case when (select viewer_key()) = '*' or purpose <> 'request'
        then sees_ticket(ticket_id) else sees_open_ticket(ticket_id) end);
create policy added on attachment for insert with check ((select viewer_is_system()));
