-- What one partner may hand in and keep, where that is not what the installation says; null is the installation's.
create table partner_quotas (
    partner           uuid primary key references partners,
    transfers_per_day bigint,
    bytes_per_day     bigint,
    stored_bytes      bigint
);
alter table partner_quotas enable row level security;
alter table partner_quotas force row level security;
create policy worker on partner_quotas to lockgate_worker using (true) with check (true);
create policy viewer on partner_quotas for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update, delete on partner_quotas to lockgate_worker;
grant select on partner_quotas to lockgate_api;

-- What an upload holds in store: what was announced or has come, until its object is swept or its transfer ended without it.
-- Generated from what the upload's own statements write, so that no crash can part the two.
alter table uploads add column released boolean not null default false;
alter table uploads add column held bigint not null generated always as (
    case when released or (ended and payload is null) then 0 else greatest(coalesce(length, 0), received) end) stored;
update uploads u set released = true from transfers t
where t.id = u.transfer and t.state in ('expired', 'cancelled') and not u.complete;
update uploads u set released = true
where u.payload is not null
  and not exists (select from payload_objects o
                  where 'pay_' || replace(o.id::text, '-', '') = u.payload ->> 'id');
create index uploads_held on uploads (sender) include (held, transfer, complete, expires_at) where held > 0;
