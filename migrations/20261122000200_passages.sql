-- What attempts left at destinations that let another attempt go on from there, and from which byte an attempt went on.

create table passages (
    id         uuid primary key,
    delivery   uuid not null references deliveries,
    generation integer not null check (generation > 0),
    receiver   uuid not null references partners,
    -- Where it leads, as it was when it began; names of secrets, no values.
    endpoint   jsonb not null,
    digest     bytea not null,
    size       bigint not null check (size >= 0),
    place      jsonb not null,
    reached    bigint not null default 0 check (reached >= 0),
    midstate   bytea not null default '',
    -- Nobody goes on with it; what is left of it at the destination is cleared, and then it is forgotten.
    unneeded   boolean not null default false,
    tries      integer not null default 0,
    due_at     timestamptz not null default now(),
    created_at timestamptz not null default now()
);
create unique index passages_of_delivery on passages (delivery) where not unneeded;
create index passages_due on passages (due_at);
alter table passages enable row level security;
alter table passages force row level security;
create policy worker on passages to lockgate_worker using (true) with check (true);
grant select, insert, update, delete on passages to lockgate_worker;

-- One row per part, so that a step writes as much for the thousandth as for the first.
create table passage_parts (
    passage uuid not null references passages,
    number  integer not null check (number > 0),
    tag     text not null,
    primary key (passage, number)
);
alter table passage_parts enable row level security;
alter table passage_parts force row level security;
create policy worker on passage_parts to lockgate_worker using (true) with check (true);
grant select, insert, update, delete on passage_parts to lockgate_worker;

alter table attempts add column from_offset bigint check (from_offset >= 0);
