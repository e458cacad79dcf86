-- At which version a plugin began to compose, where one more dead host is held against the notification. Written for these
-- alone: of all others nothing needs to be remembered before their messages are there.

alter table notifications add column begun bigint;
