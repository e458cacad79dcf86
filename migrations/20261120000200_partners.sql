-- Hosts, and the companies on either end with what they agreed and where they receive.

create table hosts (
    id          uuid primary key,
    alive_until timestamptz not null,
    started_at  timestamptz not null default now()
);
alter table hosts enable row level security;
alter table hosts force row level security;
create policy worker on hosts to lockgate_worker using (true) with check (true);
grant select, insert, update, delete on hosts to lockgate_worker;

create table partners (
    id         uuid primary key,
    slug       text not null constraint partners_slug unique,
    name       text not null,
    status     text not null check (status in ('active', 'suspended')),
    duplicates text not null check (duplicates in ('note', 'hold', 'refuse')),
    created_at timestamptz not null
);

create table agreements (
    id          uuid primary key,
    sender      uuid not null references partners,
    receiver    uuid not null references partners,
    media_types text[] not null,
    max_size    bigint check (max_size >= 0),
    status      text not null check (status in ('active', 'ended')),
    created_at  timestamptz not null
);
create unique index agreements_pair on agreements (sender, receiver) where status = 'active';
create index agreements_of_sender on agreements (sender, receiver);
create index agreements_of_receiver on agreements (receiver, sender);
alter table agreements enable row level security;
alter table agreements force row level security;
create policy worker on agreements to lockgate_worker using (true) with check (true);
create policy viewer on agreements for select to lockgate_api
    using ((select viewer_is_operator()) or sender = (select viewer_partner()) or receiver = (select viewer_partner()));
grant select, insert, update on agreements to lockgate_worker;
grant select on agreements to lockgate_api;

-- A partner sees itself and those it has or had agreements with.
alter table partners enable row level security;
alter table partners force row level security;
create policy worker on partners to lockgate_worker using (true) with check (true);
create policy viewer on partners for select to lockgate_api
    using (
        (select viewer_is_operator())
        or id = (select viewer_partner())
        or exists (select from agreements a where a.sender = (select viewer_partner()) and a.receiver = partners.id)
        or exists (select from agreements a where a.receiver = (select viewer_partner()) and a.sender = partners.id)
    );
grant select, insert, update on partners to lockgate_worker;
grant select on partners to lockgate_api;

create table destinations (
    id            uuid primary key,
    partner       uuid not null references partners,
    name          text not null,
    endpoint      jsonb not null,
    ordered       boolean not null,
    status        text not null check (status in ('active', 'disabled')),
    -- The last position drawn by an ordered delivery; drawn under this row's lock.
    last_position bigint not null default 0,
    created_at    timestamptz not null,
    constraint destinations_name unique (partner, name)
);
alter table destinations enable row level security;
alter table destinations force row level security;
create policy worker on destinations to lockgate_worker using (true) with check (true);
create policy viewer on destinations for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update on destinations to lockgate_worker;
grant select on destinations to lockgate_api;

create table channels (
    id         uuid primary key,
    partner    uuid not null references partners,
    name       text not null,
    kind       jsonb not null,
    enabled    boolean not null,
    created_at timestamptz not null,
    constraint channels_name unique (partner, name)
);
alter table channels enable row level security;
alter table channels force row level security;
create policy worker on channels to lockgate_worker using (true) with check (true);
create policy viewer on channels for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update on channels to lockgate_worker;
grant select on channels to lockgate_api;
