-- Transfers, their uploads, and the rows behind every payload object.
--
-- In every table of work: `version` fences claims and changes, `claimed_by` is null while no host works on it, and
-- `due_at` is when it may be worked on. A command was put in the outbox exactly when `due_at <= updated_at`; such work
-- is polled only when it is overdue, all other work as soon as it is due.

-- In which order transfers were received, whatever the hosts' clocks say.
create sequence receipts;
grant usage on sequence receipts to lockgate_worker;

create table transfers (
    id                uuid primary key,
    version           bigint not null,
    state             text not null check (state in
                      ('announced', 'received', 'held', 'accepted', 'rejected', 'cancelled', 'expired', 'finished')),
    sender            uuid not null references partners,
    receivers         uuid[] not null,
    file_name         text not null,
    media_type        text not null,
    source            jsonb,
    -- Drawn when it is received; of two files with the same name and content the lower is the first.
    receipt           bigint,
    source_digest     text generated always as (source ->> 'digest') stored,
    candidate         jsonb,
    released          jsonb,
    pins              jsonb not null,
    -- Whether the revisions were picked; there may be none.
    pinned            boolean not null default false,
    facts             jsonb not null,
    planned           jsonb not null,
    hold              jsonb,
    hold_expires_at   timestamptz,
    reason            text,
    adoptions         integer not null,
    provenance_length bigint not null,
    provenance_head   bytea not null check (octet_length(provenance_head) = 32),
    trace             text,
    idempotency_key   text,
    -- Over the announcement's input: tells a repeat from another request under the same key.
    fingerprint       bytea not null,
    created_at        timestamptz not null,
    updated_at        timestamptz not null,
    due_at            timestamptz not null,
    claimed_by        uuid,
    claimed_at        timestamptz
);
create unique index transfers_idempotency on transfers (sender, idempotency_key) where idempotency_key is not null;
create index transfers_of_sender on transfers (sender, id);
create index transfers_twins on transfers (sender, source_digest, file_name) where source_digest is not null;
create index transfers_due on transfers (due_at) where state = 'received' and claimed_by is null;
create index transfers_claimed on transfers (claimed_by) where claimed_by is not null;
create index transfers_held on transfers (hold_expires_at) where hold_expires_at is not null;
create index transfers_named on transfers (file_name, id);

create table uploads (
    id         uuid primary key,
    version    bigint not null,
    transfer   uuid not null constraint uploads_transfer unique references transfers,
    sender     uuid not null references partners,
    length     bigint check (length >= 0),
    received   bigint not null check (received >= 0),
    progress   jsonb not null,
    -- What was sealed; stays for the node that finishes the commit of a dead one.
    payload    jsonb,
    complete   boolean not null,
    ended      boolean not null default false,
    -- How long it lives without bytes.
    patience   interval not null,
    expires_at timestamptz not null,
    check (complete = (payload is not null))
);
create index uploads_expiring on uploads (expires_at);
create index uploads_of_sender on uploads (sender);
alter table uploads enable row level security;
alter table uploads force row level security;
create policy worker on uploads to lockgate_worker using (true) with check (true);
create policy viewer on uploads for select to lockgate_api
    using ((select viewer_is_operator()) or sender = (select viewer_partner()));
grant select, insert, update on uploads to lockgate_worker;
grant select on uploads to lockgate_api;

create table payload_objects (
    id         uuid primary key,
    key        text not null constraint payload_objects_key unique,
    transfer   uuid not null references transfers,
    -- Of the claim under which it is written.
    version    bigint not null,
    state      text not null check (state in ('writing', 'live', 'discarded')),
    multipart  text,
    created_at timestamptz not null default now()
);
create index payload_objects_of_transfer on payload_objects (transfer);
create index payload_objects_loose on payload_objects (created_at) where state <> 'live';
alter table payload_objects enable row level security;
alter table payload_objects force row level security;
create policy worker on payload_objects to lockgate_worker using (true) with check (true);
grant select, insert, update, delete on payload_objects to lockgate_worker;
