-- Plugins, their immutable versions, policies and their immutable revisions. An owner that is null is the house.

create table plugins (
    id    uuid primary key,
    owner uuid references partners,
    name  text not null,
    constraint plugins_name unique nulls not distinct (owner, name)
);
alter table plugins enable row level security;
alter table plugins force row level security;
create policy worker on plugins to lockgate_worker using (true) with check (true);
-- The house's plugins are for all partners.
create policy viewer on plugins for select to lockgate_api
    using ((select viewer_is_operator())
           or owner = (select viewer_partner())
           or (owner is null and (select viewer_partner()) is not null));
grant select, insert on plugins to lockgate_worker;
grant select on plugins to lockgate_api;

create table plugin_versions (
    -- Lists are ordered by it: versions have no id of their own on the surface, they are named by their digest.
    id           uuid primary key,
    plugin       uuid not null references plugins,
    owner        uuid references partners,
    digest       bytea not null check (octet_length(digest) = 32),
    size         bigint not null check (size >= 0),
    manifest     jsonb not null,
    published_at timestamptz not null,
    constraint plugin_versions_digest unique nulls not distinct (owner, digest)
);
create index plugin_versions_of_digest on plugin_versions (digest);
create index plugin_versions_of_plugin on plugin_versions (plugin);
alter table plugin_versions enable row level security;
alter table plugin_versions force row level security;
create policy worker on plugin_versions to lockgate_worker using (true) with check (true);
create policy viewer on plugin_versions for select to lockgate_api
    using ((select viewer_is_operator())
           or owner = (select viewer_partner())
           or (owner is null and (select viewer_partner()) is not null));
grant select, insert on plugin_versions to lockgate_worker;
grant select on plugin_versions to lockgate_api;

create table policies (
    id    uuid primary key,
    owner uuid references partners,
    side  text not null check (side in ('inbound', 'outbound')),
    constraint policies_side unique nulls not distinct (owner, side)
);
alter table policies enable row level security;
alter table policies force row level security;
create policy worker on policies to lockgate_worker using (true) with check (true);
-- The house's policy is the operators' own affair.
create policy viewer on policies for select to lockgate_api
    using ((select viewer_is_operator()) or owner = (select viewer_partner()));
-- `update` only to lock the row while a number is drawn or a revision activated.
grant select, insert, update on policies to lockgate_worker;
grant select on policies to lockgate_api;

create table policy_revisions (
    id           uuid primary key,
    policy       uuid not null references policies,
    owner        uuid references partners,
    side         text not null check (side in ('inbound', 'outbound')),
    number       integer not null check (number > 0),
    rollout      text not null check (rollout in ('draft', 'shadow', 'canary', 'active', 'retired')),
    bindings     jsonb not null,
    note         text not null,
    author       text not null,
    created_at   timestamptz not null,
    activated_at timestamptz,
    constraint policy_revisions_number unique (policy, number)
);
create unique index policy_revisions_active on policy_revisions (policy) where rollout = 'active';
create index policy_revisions_of_policy on policy_revisions (policy, id);
create index policy_revisions_of_owner on policy_revisions (owner, side) where rollout = 'active';
alter table policy_revisions enable row level security;
alter table policy_revisions force row level security;
create policy worker on policy_revisions to lockgate_worker using (true) with check (true);
create policy viewer on policy_revisions for select to lockgate_api
    using ((select viewer_is_operator()) or owner = (select viewer_partner()));
-- Only how far it is rolled out ever changes.
grant select, insert on policy_revisions to lockgate_worker;
grant update (rollout, activated_at) on policy_revisions to lockgate_worker;
grant select on policy_revisions to lockgate_api;
