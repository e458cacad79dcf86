-- What happened and is to be told, once per event and binding.

create table events (
    id         uuid primary key,
    kind       text not null,
    transfer   uuid not null references transfers,
    partner    uuid not null references partners,
    attributes jsonb not null,
    at         timestamptz not null
);
create index events_of_transfer on events (transfer);
create index events_of_partner on events (partner, id);
alter table events enable row level security;
alter table events force row level security;
create policy worker on events to lockgate_worker using (true) with check (true);
create policy viewer on events for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert on events to lockgate_worker;
grant select on events to lockgate_api;

create table notifications (
    id         uuid primary key,
    version    bigint not null,
    state      text not null check (state in ('pending', 'scheduled', 'sent', 'skipped', 'dead-lettered')),
    event      uuid not null references events,
    transfer   uuid not null references transfers,
    -- To whom the event is told: whose turn it takes on the hosts.
    partner    uuid not null references partners,
    -- Whose policy tells it; null is the house.
    owner      uuid references partners,
    revision   uuid not null references policy_revisions,
    binding    uuid not null,
    messages   jsonb not null,
    sent       integer not null,
    due_at     timestamptz not null,
    attempts   integer not null,
    last_error text,
    adoptions  integer not null,
    trace      text,
    updated_at timestamptz not null,
    claimed_by uuid,
    claimed_at timestamptz,
    constraint notifications_once unique (event, binding)
);
create index notifications_of_transfer on notifications (transfer, id);
create index notifications_of_owner on notifications (owner, transfer);
create index notifications_due on notifications (due_at) where state in ('pending', 'scheduled') and claimed_by is null;
create index notifications_claimed on notifications (claimed_by) where claimed_by is not null;
alter table notifications enable row level security;
alter table notifications force row level security;
create policy worker on notifications to lockgate_worker using (true) with check (true);
create policy viewer on notifications for select to lockgate_api
    using ((select viewer_is_operator()) or owner = (select viewer_partner()));
grant select, insert, update on notifications to lockgate_worker;
grant select on notifications to lockgate_api;
