-- Of a secret that was replaced: the one before, for as long as it stays good besides the new one.
alter table secrets
    add column former_key_id      text,
    add column former_wrapped_key bytea,
    add column former_sealed      bytea,
    add column former_until       timestamptz;

-- Of which events a channel is told; of all when there is none.
alter table channels add column events jsonb not null default '[]';

-- Since when a channel takes nothing, and why a host turned it off.
alter table channels
    add column failing_since   timestamptz,
    add column disabled_reason text,
    add column disabled_at     timestamptz;
