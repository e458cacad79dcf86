-- Redrives: many deliveries sent on their way again, in lanes of one destination each. Hosts claim lanes, people move
-- redrives; an item, its lane's place and its counts change in one transaction.

create table redrives (
    id         uuid primary key,
    version    bigint not null,
    state      text not null check (state in ('running', 'paused', 'cancelled', 'finished')),
    kind       text not null check (kind in ('dead-letters', 'replay')),
    -- Whose deliveries; null is an operator's, over all partners.
    partner    uuid references partners,
    filter     jsonb not null,
    judging    text not null check (judging in ('released', 'again')),
    per_second integer not null check (per_second > 0),
    reason     text not null,
    author     text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index redrives_of_partner on redrives (partner, id);
alter table redrives enable row level security;
alter table redrives force row level security;
create policy worker on redrives to lockgate_worker using (true) with check (true);
create policy viewer on redrives for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update on redrives to lockgate_worker;
grant select on redrives to lockgate_api;

create table redrive_lanes (
    redrive         uuid not null references redrives,
    destination     uuid not null references destinations,
    receiver        uuid not null references partners,
    -- The redrive's, so that row-level security needs no other table.
    partner         uuid references partners,
    version         bigint not null default 0,
    cursor_position bigint,
    cursor_delivery uuid,
    total           bigint not null,
    moved           bigint not null default 0,
    skipped         bigint not null default 0,
    done            boolean not null default false,
    due_at          timestamptz not null default now(),
    claimed_by      uuid,
    claimed_at      timestamptz,
    primary key (redrive, destination)
);
create index redrive_lanes_open on redrive_lanes (due_at) where not done;
alter table redrive_lanes enable row level security;
alter table redrive_lanes force row level security;
create policy worker on redrive_lanes to lockgate_worker using (true) with check (true);
create policy viewer on redrive_lanes for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update on redrive_lanes to lockgate_worker;
grant select on redrive_lanes to lockgate_api;
