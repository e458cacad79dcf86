-- Dead letters as an operator works with them: why, what a delivery waits for, which bytes under which key, and who sent
-- it on its way again.

alter table deliveries
    -- The class of the last failure; dead letters are counted by it.
    add column cause      text,
    -- What a postponed delivery waits for, if not for its schedule.
    add column waits      text check (waits in ('slot', 'breaker', 'line', 'partner')),
    -- One more whenever a redrive judged it anew and other bytes came out; part of the key from 2 on.
    add column generation integer not null default 1 check (generation > 0),
    -- Its own bytes, where it was judged anew.
    add column released   jsonb,
    add column judges     boolean not null default false,
    add column redrive    uuid,
    add column replay_of  uuid references deliveries,
    -- Whether the claim's attempt was let begin; counted against the destination's limit.
    add column attempting boolean not null default false;

-- A replay is another delivery of the same consignment to the same destination.
alter table deliveries drop constraint deliveries_destination;
create unique index deliveries_destination on deliveries (consignment, destination) where replay_of is null;
create index deliveries_replays on deliveries (replay_of) where replay_of is not null;

-- The dead letters of a destination by place; a redrive's lane reads them in this order.
create index deliveries_dead on deliveries (destination, (coalesce(position, 0)), id) where state = 'dead-lettered';
create index deliveries_done on deliveries (destination, (coalesce(position, 0)), id) where state = 'delivered';
create index deliveries_redriven on deliveries (redrive, destination) where state = 'scheduled' and redrive is not null;
-- Who waits for a place at the destination, or for its breaker.
create index deliveries_waiting on deliveries (destination, due_at)
    where state = 'scheduled' and claimed_by is null and waits in ('slot', 'breaker');
create index deliveries_attempting on deliveries (destination) where attempting;
