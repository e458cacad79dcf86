-- Secrets, each sealed under a data key of its own that the configured key wraps, and lookup tables.
-- `lockgate_api` reads neither: names and values are used by workers only.

create table secrets (
    owner       uuid references partners,
    name        text not null,
    -- Which configured key wrapped the data key: rotation re-wraps row by row.
    key_id      text not null,
    wrapped_key bytea not null,
    sealed      bytea not null,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    constraint secrets_name unique nulls not distinct (owner, name)
);
alter table secrets enable row level security;
alter table secrets force row level security;
create policy worker on secrets to lockgate_worker using (true) with check (true);
create policy viewer on secrets for select to lockgate_api using (owner = (select viewer_partner()));
grant select, insert, update, delete on secrets to lockgate_worker;

create table lookup_tables (
    owner      uuid references partners,
    name       text not null,
    version    bigint not null check (version > 0),
    entries    jsonb not null,
    created_at timestamptz not null default now(),
    constraint lookup_tables_version unique nulls not distinct (owner, name, version)
);
alter table lookup_tables enable row level security;
alter table lookup_tables force row level security;
create policy worker on lookup_tables to lockgate_worker using (true) with check (true);
create policy viewer on lookup_tables for select to lockgate_api
    using ((select viewer_is_operator()) or owner = (select viewer_partner()));
-- Versions are immutable: no update.
grant select, insert on lookup_tables to lockgate_worker;
grant select on lookup_tables to lockgate_api;
