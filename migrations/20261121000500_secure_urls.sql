-- Secure URLs, and the tickets of the downloads that their uses began. Neither tokens nor passphrases are kept, only
-- what tells the right ones.

create table secure_urls (
    id         uuid primary key,
    partner    uuid not null references partners,
    token      bytea not null unique check (octet_length(token) = 32),
    purpose    jsonb not null,
    -- Of a download.
    transfer   uuid references transfers,
    -- Argon2id, in the PHC string format.
    passphrase text,
    failures   integer not null default 0 check (failures >= 0),
    max_uses   integer not null check (max_uses > 0),
    uses       integer not null default 0 check (uses between 0 and max_uses),
    note       text not null,
    author     text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    has_passphrase boolean not null generated always as (passphrase is not null) stored
);
create index secure_urls_of_partner on secure_urls (partner, id);
create index secure_urls_of_transfer on secure_urls (transfer, id) where transfer is not null;
alter table secure_urls enable row level security;
alter table secure_urls force row level security;
create policy worker on secure_urls to lockgate_worker using (true) with check (true);
create policy viewer on secure_urls for select to lockgate_api
    using ((select viewer_is_operator()) or partner = (select viewer_partner()));
grant select, insert, update on secure_urls to lockgate_worker;
-- Without what opens them.
grant select (id, partner, purpose, transfer, has_passphrase, failures, max_uses, uses, note, author, created_at,
              expires_at, revoked_at)
    on secure_urls to lockgate_api;

create table secure_url_tickets (
    ticket     bytea primary key check (octet_length(ticket) = 32),
    secure_url uuid not null references secure_urls,
    expires_at timestamptz not null
);
create index secure_url_tickets_of_url on secure_url_tickets (secure_url, expires_at);
alter table secure_url_tickets enable row level security;
alter table secure_url_tickets force row level security;
create policy worker on secure_url_tickets to lockgate_worker using (true) with check (true);
grant select, insert, delete on secure_url_tickets to lockgate_worker;
