-- What of a partial upload's bytes is counted in its sender's day and not yet taken by a transfer that was assembled of it.
alter table uploads add column counted bigint not null default 0 check (counted >= 0);
