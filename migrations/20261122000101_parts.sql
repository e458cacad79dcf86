-- What one binding composes about one event is sent in parts, one message each, so that none waits for another's channel.
alter table notifications add column part integer not null default 0;
alter table notifications drop constraint notifications_once;
alter table notifications add constraint notifications_once unique (event, binding, part);
