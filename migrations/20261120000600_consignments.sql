-- Each receiver's share of a transfer, and handing it over. The policy of transfers stands here, because receivers see
-- a transfer through their consignment of it.

create table consignments (
    id              uuid primary key,
    version         bigint not null,
    state           text not null check (state in
                    ('pending', 'held', 'released', 'rejected', 'available', 'delivered', 'dead-lettered')),
    transfer        uuid not null references transfers,
    sender          uuid not null references partners,
    receiver        uuid not null references partners,
    destinations    text[] not null,
    candidate       jsonb,
    released        jsonb,
    pins            jsonb not null,
    pinned          boolean not null default false,
    hold            jsonb,
    hold_expires_at timestamptz,
    reason          text,
    adoptions       integer not null,
    trace           text,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    due_at          timestamptz not null,
    claimed_by      uuid,
    claimed_at      timestamptz,
    constraint consignments_receiver unique (transfer, receiver)
);
create index consignments_to_receiver on consignments (receiver, id);
create index consignments_of_receiver on consignments (receiver, transfer);
create index consignments_of_sender on consignments (sender, id);
create index consignments_due on consignments (due_at) where state = 'pending' and claimed_by is null;
create index consignments_claimed on consignments (claimed_by) where claimed_by is not null;
create index consignments_held on consignments (hold_expires_at) where hold_expires_at is not null;
alter table consignments enable row level security;
alter table consignments force row level security;
create policy worker on consignments to lockgate_worker using (true) with check (true);
create policy viewer on consignments for select to lockgate_api
    using ((select viewer_is_operator()) or sender = (select viewer_partner()) or receiver = (select viewer_partner()));
grant select, insert, update on consignments to lockgate_worker;
grant select on consignments to lockgate_api;

alter table transfers enable row level security;
alter table transfers force row level security;
create policy worker on transfers to lockgate_worker using (true) with check (true);
create policy viewer on transfers for select to lockgate_api
    using (
        (select viewer_is_operator())
        or sender = (select viewer_partner())
        or exists (select from consignments c where c.transfer = transfers.id and c.receiver = (select viewer_partner()))
    );
grant select, insert, update on transfers to lockgate_worker;
grant select on transfers to lockgate_api;

create table deliveries (
    id          uuid primary key,
    version     bigint not null,
    state       text not null check (state in ('scheduled', 'delivered', 'dead-lettered')),
    consignment uuid not null references consignments,
    transfer    uuid not null references transfers,
    receiver    uuid not null references partners,
    destination uuid not null references destinations,
    position    bigint,
    due_at      timestamptz not null,
    attempts    integer not null,
    last_error  text,
    adoptions   integer not null,
    trace       text,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    claimed_by  uuid,
    claimed_at  timestamptz,
    constraint deliveries_destination unique (consignment, destination),
    constraint deliveries_position unique (destination, position)
);
create index deliveries_of_receiver on deliveries (receiver, id);
create index deliveries_of_transfer on deliveries (transfer);
create index deliveries_in_state on deliveries (state, id) where state <> 'delivered';
create index deliveries_in_line on deliveries (destination, position) where state = 'scheduled' and position is not null;
create index deliveries_due on deliveries (due_at) where state = 'scheduled' and claimed_by is null;
create index deliveries_claimed on deliveries (claimed_by) where claimed_by is not null;
alter table deliveries enable row level security;
alter table deliveries force row level security;
create policy worker on deliveries to lockgate_worker using (true) with check (true);
create policy viewer on deliveries for select to lockgate_api
    using ((select viewer_is_operator()) or receiver = (select viewer_partner()));
grant select, insert, update on deliveries to lockgate_worker;
grant select on deliveries to lockgate_api;

create table attempts (
    id         uuid primary key,
    delivery   uuid not null references deliveries,
    receiver   uuid not null references partners,
    number     integer not null check (number > 0),
    started_at timestamptz not null,
    took_us    bigint not null check (took_us >= 0),
    host       uuid not null,
    answer     jsonb not null
);
create index attempts_of_delivery on attempts (delivery, id);
create index attempts_of_receiver on attempts (receiver);
alter table attempts enable row level security;
alter table attempts force row level security;
create policy worker on attempts to lockgate_worker using (true) with check (true);
create policy viewer on attempts for select to lockgate_api
    using ((select viewer_is_operator()) or receiver = (select viewer_partner()));
-- Written once.
grant select, insert on attempts to lockgate_worker;
grant select on attempts to lockgate_api;
