-- What was decided and everything that happened. Rows are written once: workers may not change them.

create table decisions (
    id          uuid primary key,
    transfer    uuid not null references transfers,
    consignment uuid references consignments,
    side        text not null check (side in ('inbound', 'outbound')),
    -- Whose side decided: the sender's inbound, the receiver's outbound. Nobody else reads it.
    partner     uuid not null references partners,
    pins        jsonb not null,
    verdict     text not null check (verdict in ('accept', 'hold', 'reject')),
    findings    jsonb not null,
    facts       jsonb not null,
    routes      jsonb not null,
    outcomes    jsonb not null,
    decided_at  timestamptz not null
);
create index decisions_of_transfer on decisions (transfer, id);
create index decisions_of_partner on decisions (partner, id);
alter table decisions enable row level security;
alter table decisions force row level security;
create policy worker on decisions to lockgate_worker using (true) with check (true);
create policy viewer on decisions for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert on decisions to lockgate_worker;
grant select on decisions to lockgate_api;

create table provenance (
    transfer    uuid not null references transfers,
    sequence    bigint not null check (sequence > 0),
    kind        text not null,
    consignment uuid references consignments,
    delivery    uuid references deliveries,
    actor       jsonb not null,
    details     jsonb not null,
    trace_id    text,
    at          timestamptz not null,
    link        bytea not null check (octet_length(link) = 32),
    -- Who may read this entry besides operators; null where a side may not.
    sender      uuid references partners,
    receiver    uuid references partners,
    primary key (transfer, sequence)
);
create index provenance_of_sender on provenance (sender, transfer, sequence) where sender is not null;
create index provenance_of_receiver on provenance (receiver, transfer, sequence) where receiver is not null;
alter table provenance enable row level security;
alter table provenance force row level security;
create policy worker on provenance to lockgate_worker using (true) with check (true);
create policy viewer on provenance for select to lockgate_api
    using ((select viewer_is_operator()) or sender = (select viewer_partner()) or receiver = (select viewer_partner()));
grant select, insert on provenance to lockgate_worker;
grant select on provenance to lockgate_api;
