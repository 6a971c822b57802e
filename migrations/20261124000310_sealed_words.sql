-- What was said lies sealed: each sentence with a key of its own, wrapped by a master key that is
-- not in the database; algorithm and the master key's name stand in front of it. Sentences of before
-- keep their text.
alter table transcript_segment alter column text drop not null;
alter table transcript_segment add column sealed bytea;
alter table transcript_segment add check ((text is null) <> (sealed is null));
