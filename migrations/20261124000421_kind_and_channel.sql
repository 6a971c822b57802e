-- Kinds and channels that few tickets have are found without reading the others; that none has one, at once.
create index ticket_kind on ticket (kind, id);
create index ticket_channel on ticket (channel, id) where channel <> 'phone';
