-- How much of each user's window all hosts together have taken. Unlogged: after a crash everybody begins anew.

create unlogged table rate_windows (
    -- SHA-256 over partner and user: no names here.
    subject bytea primary key check (octet_length(subject) = 32),
    ends_at timestamptz not null,
    taken   integer not null check (taken >= 0),
    -- Of the last lease, so that one statement both takes and tells.
    granted integer not null check (granted >= 0)
);
create index rate_windows_over on rate_windows (ends_at);
alter table rate_windows enable row level security;
alter table rate_windows force row level security;
create policy worker on rate_windows to lockgate_worker using (true) with check (true);
grant select, insert, update, delete on rate_windows to lockgate_worker;
