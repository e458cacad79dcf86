-- How destinations are treated, why they are disabled, and one breaker for each that ever failed, shared by all hosts.

alter table destinations
    add column settings        jsonb not null default '{}',
    add column disabled_reason text,
    add column disabled_at     timestamptz;

create table breakers (
    destination uuid primary key references destinations,
    receiver    uuid not null references partners,
    state       text not null check (state in ('closed', 'open', 'half-open')),
    failures    integer not null,
    trips       integer not null,
    until       timestamptz,
    probe       uuid,
    updated_at  timestamptz not null default now()
) with (fillfactor = 50);
alter table breakers enable row level security;
alter table breakers force row level security;
create policy worker on breakers to lockgate_worker using (true) with check (true);
create policy viewer on breakers for select to lockgate_api
    using ((select viewer_is_operator()) or receiver = (select viewer_partner()));
grant select, insert, update on breakers to lockgate_worker;
grant select on breakers to lockgate_api;
