-- Ratings by the citizen's page (回访 by page): from where they came, as a keyed hash of the address, never
-- the address; and whether too many came from there to be taken as they are.
alter table rating
    add column source bytea check (octet_length(source) = 32),
    add column doubted boolean not null default false,
    add constraint rating_doubted_check check (not doubted or source is not null);
create index rating_by_source on rating (source, at) where source is not null;

-- The citizen is asked again although there is a rating: it is one of many from one address.
alter table ticket add column rating_doubted boolean not null default false;
create index ticket_rating_doubted on ticket (id) where rating_doubted;
