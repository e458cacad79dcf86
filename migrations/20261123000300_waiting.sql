-- Messages that wait for a channel that fails: parked until it takes one, so that they cost nothing meanwhile.

alter table notifications
    -- The channel that the message waits for, by its name then.
    add column waits uuid,
    -- Whether it was rung for or taken up again: from then on it is on its way, and waits no more.
    add column rung  boolean not null default false;

alter table channels
    -- The message that asks the channel while it fails; the others wait for its answer.
    add column asking   uuid,
    -- When it was asked last.
    add column asked_at timestamptz;

-- The oldest of each partner that may be due.
drop index notifications_due;
create index notifications_open on notifications (partner, due_at)
    where state in ('pending', 'scheduled') and claimed_by is null and (waits is null or rung);
create index notifications_parked on notifications (waits, due_at)
    where not rung and state = 'scheduled' and claimed_by is null and waits is not null;
create index notifications_rung on notifications (waits) where rung and state = 'scheduled' and waits is not null;
