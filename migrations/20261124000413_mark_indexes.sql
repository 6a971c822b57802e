-- Every mark that a list shows can be asked for, each by a small index that ends with the id.
create index ticket_mark_mass on ticket (id) where mass;
create index ticket_mark_children on ticket (id) where merged_children > 0;
create index ticket_mark_withdrawn on ticket (id) where withdrawn;
create index ticket_mark_self_reported on ticket (id) where self_reported;
create index ticket_mark_oversight on ticket (id) where oversight is not null;
