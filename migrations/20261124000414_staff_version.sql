-- People are changed over the version that was seen: two administrators do not undo each other.
alter table staff add column version bigint not null default 1;
