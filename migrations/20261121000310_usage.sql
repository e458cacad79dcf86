-- What each partner handed in on a day (UTC), where it has a quota.

create table partner_usage (
    partner   uuid not null references partners,
    day       date not null,
    transfers bigint not null,
    bytes     bigint not null,
    primary key (partner, day)
);
alter table partner_usage enable row level security;
alter table partner_usage force row level security;
create policy worker on partner_usage to lockgate_worker using (true) with check (true);
create policy viewer on partner_usage for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update, delete on partner_usage to lockgate_worker;
grant select on partner_usage to lockgate_api;

-- Whether the length was not announced: such bytes are counted when they have come.
alter table uploads add column deferred boolean not null default false;
