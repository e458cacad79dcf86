-- Nudges that Kafka does not have yet: "this changed, look again", for subscriptions on any host. Written in the
-- transaction of the change; their order does not matter.

create table nudges (
    id       bigint generated always as identity primary key,
    transfer uuid not null,
    delivery uuid,
    partners uuid[] not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
alter table nudges enable row level security;
alter table nudges force row level security;
create policy worker on nudges to lockgate_worker using (true) with check (true);
-- `update` only to lock rows while they are published.
grant select, insert, update, delete on nudges to lockgate_worker;
