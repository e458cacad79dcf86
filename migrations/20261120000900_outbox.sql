-- Commands that Kafka does not have yet, in 16 lanes by the hash of their key. One relay serves a lane at a time, in
-- the order of ids; ids are drawn while the aggregate's row is locked, so per key they follow the versions.

create table outbox (
    id         bigint generated always as identity primary key,
    lane       smallint not null check (lane between 0 and 15),
    kind       text not null check (kind in ('transfer', 'consignment', 'delivery', 'notification')),
    aggregate  uuid not null,
    version    bigint not null,
    partner    uuid not null,
    trace      text,
    created_at timestamptz not null default now()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
create index outbox_lane on outbox (lane, id);
alter table outbox enable row level security;
alter table outbox force row level security;
create policy worker on outbox to lockgate_worker using (true) with check (true);
grant select, insert, delete on outbox to lockgate_worker;

create table outbox_lanes (
    lane      smallint primary key check (lane between 0 and 15),
    -- The lane that waited longest is served next.
    served_at timestamptz not null default now()
) with (fillfactor = 50);
insert into outbox_lanes (lane) select generate_series(0, 15);
alter table outbox_lanes enable row level security;
alter table outbox_lanes force row level security;
create policy worker on outbox_lanes to lockgate_worker using (true) with check (true);
grant select, update on outbox_lanes to lockgate_worker;
