//! Work that nobody holds and whose time came.
//!
//! Where `due_at <= updated_at` a command was put in the outbox, and Kafka gets its chance until it is overdue; where
//! `due_at` lies later (a retry, a postponement, a claim given back) nobody rings and the poll is the clock.

use lockgate_core::destination::DestinationSettings;
use lockgate_core::notification::{ASKING, LEFT_ALONE};
use sqlx::PgConnection;

use super::Wish;
use crate::claim::{Claimed, claimed};
use crate::error::Failure;

/// The oldest of each sender, found index entry by index entry: one's backlog hides nobody else's work.
pub(super) async fn transfers(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = transfers!(
        "with recursive open(partner) as (
            (select sender from transfers where state = 'received' and claimed_by is null order by sender limit 1)
            union all
            select (select o.sender from transfers o
                    where o.sender > open.partner and o.state = 'received' and o.claimed_by is null
                    order by o.sender limit 1)
            from open where open.partner is not null),
         due as (
            select it.id, it.version, it.due_at, row_number() over (partition by it.sender order by it.due_at) as turn
            from open cross join lateral (
                select o.id, o.version, o.sender, o.due_at from transfers o
                where o.sender = open.partner and o.state = 'received' and o.claimed_by is null
                  and o.due_at <= now() and (o.due_at > o.updated_at or o.due_at <= now() - make_interval(secs => $3))
                order by o.due_at limit $2) it),
         picked as (
            select p.id from (select id, version from due order by turn, due_at) due cross join lateral (
                select id from transfers
                where id = due.id and version = due.version and claimed_by is null limit 1 for update skip locked) p
            limit $2)
         update transfers t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from picked where t.id = picked.id returning",
        "",
        wish.host,
        wish.room,
        wish.overdue_seconds
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Transfer)
}

/// The same of receivers.
pub(super) async fn consignments(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = consignments!(
        "with recursive open(partner) as (
            (select receiver from consignments where state = 'pending' and claimed_by is null order by receiver limit 1)
            union all
            select (select o.receiver from consignments o
                    where o.receiver > open.partner and o.state = 'pending' and o.claimed_by is null
                    order by o.receiver limit 1)
            from open where open.partner is not null),
         due as (
            select it.id, it.version, it.due_at, row_number() over (partition by it.receiver order by it.due_at) as turn
            from open cross join lateral (
                select o.id, o.version, o.receiver, o.due_at from consignments o
                where o.receiver = open.partner and o.state = 'pending' and o.claimed_by is null
                  and o.due_at <= now() and (o.due_at > o.updated_at or o.due_at <= now() - make_interval(secs => $3))
                order by o.due_at limit $2) it),
         picked as (
            select p.id from (select id, version from due order by turn, due_at) due cross join lateral (
                select id from consignments
                where id = due.id and version = due.version and claimed_by is null limit 1 for update skip locked) p
            limit $2)
         update consignments t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from picked where t.id = picked.id returning",
        "",
        wish.host,
        wish.room,
        wish.overdue_seconds
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Consignment)
}

/// The oldest of each destination, found index entry by index entry: neither another receiver's flood nor many that wait
/// at one destination are looked at. For free slots as many wait as are taken; behind a breaker nobody is taken until its
/// pause or its probe's time is over, then one, and who closes it rings for the others.
pub(super) async fn deliveries(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = deliveries!(
        "with recursive open(destination) as (
            (select destination from deliveries where state = 'scheduled' and claimed_by is null
             order by destination limit 1)
            union all
            select (select d.destination from deliveries d
                    where d.destination > open.destination and d.state = 'scheduled' and d.claimed_by is null
                    order by d.destination limit 1)
            from open where open.destination is not null),
         busy as materialized (
            select destination, count(*) as attempts from deliveries where attempting group by destination),
         place as materialized (
            select t.id, greatest(0, case when t.ordered then 1
                                          else coalesce((t.settings ->> 'concurrent')::integer, $4) end
                                     - coalesce(busy.attempts, 0)) as slots,
                   exists (select from deliveries d
                           where d.destination = t.id and d.state = 'scheduled' and d.position is not null) as line,
                   not exists (select from breakers b
                               where b.destination = t.id and b.state <> 'closed' and b.until > now()) as passes
            from open join destinations t on t.id = open.destination
                 left join busy on busy.destination = t.id),
         due as (
            select it.id, it.version, it.due_at, row_number() over (partition by it.receiver order by it.due_at) as turn
            from place cross join lateral (
                (select d.id, d.version, d.receiver, d.due_at from deliveries d
                 where d.destination = place.id and d.state = 'scheduled' and d.claimed_by is null
                   and d.position is null and (d.waits is null or d.waits in ('line', 'partner'))
                   and d.due_at <= now() and (d.due_at > d.updated_at or d.due_at <= now() - make_interval(secs => $3))
                 order by d.due_at limit $2)
                union all
                (select d.id, d.version, d.receiver, d.due_at from deliveries d
                 where d.destination = place.id and d.state = 'scheduled' and d.claimed_by is null
                   and d.position is null and d.waits = 'slot' and d.waits in ('slot', 'breaker') and d.due_at <= now()
                 order by d.due_at limit least($2, place.slots))
                union all
                (select d.id, d.version, d.receiver, d.due_at from deliveries d
                 where place.passes and d.destination = place.id and d.state = 'scheduled' and d.claimed_by is null
                   and d.position is null and d.waits = 'breaker' and d.waits in ('slot', 'breaker')
                   and d.due_at <= now()
                 order by d.due_at limit 1)
                union all
                (select d.id, d.version, d.receiver, d.due_at from deliveries d
                 where place.line and d.destination = place.id and d.state = 'scheduled' and d.claimed_by is null
                   and d.position = first_in_line(place.id)
                   and d.due_at <= now() and (d.due_at > d.updated_at or d.due_at <= now() - make_interval(secs => $3))
                   and (d.waits is distinct from 'slot' or place.slots > 0)
                   and (d.waits is distinct from 'breaker' or place.passes))) it),
         picked as (
            select p.id from (select id, version from due order by turn, due_at) due cross join lateral (
                select id from deliveries
                where id = due.id and version = due.version and claimed_by is null limit 1 for update skip locked) p
            limit $2)
         update deliveries t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from picked where t.id = picked.id returning",
        "",
        wish.host,
        wish.room,
        wish.overdue_seconds,
        i32::try_from(DestinationSettings::default().concurrent).unwrap_or(i32::MAX)
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Delivery)
}

/// The oldest of each partner, and one of those that wait for a channel: if the channel was left alone for a while and
/// none of them is on its way to it. Of those whose channel is off or gone as many as there is room for: they are passed
/// over.
pub(super) async fn notifications(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = notifications!(
        "with recursive told(partner) as (
            (select partner from notifications
             where state in ('pending', 'scheduled') and claimed_by is null and (waits is null or rung)
             order by partner limit 1)
            union all
            select (select n.partner from notifications n
                    where n.partner > told.partner and n.state in ('pending', 'scheduled') and n.claimed_by is null
                      and (n.waits is null or n.rung)
                    order by n.partner limit 1)
            from told where told.partner is not null),
         waited(channel) as (
            (select waits from notifications
             where not rung and state = 'scheduled' and claimed_by is null and waits is not null
             order by waits limit 1)
            union all
            select (select n.waits from notifications n
                    where n.waits > waited.channel and not n.rung and n.state = 'scheduled' and n.claimed_by is null
                      and n.waits is not null
                    order by n.waits limit 1)
            from waited where waited.channel is not null),
         ready as (
            select waited.channel, case when c.enabled then 1 else $2::bigint end as most
            from waited left join channels c on c.id = waited.channel
            where waited.channel is not null
              and (c.enabled is not true
                   or (not exists (select from notifications n
                                   where n.waits = waited.channel and n.rung and n.state = 'scheduled')
                       and (c.failing_since is null or c.asked_at is null
                            or c.asked_at <= now() - make_interval(secs => case when c.asking is null then $4::float8
                                                                                else $5::float8 end))))),
         due as (
            select it.id, it.version, it.due_at, row_number() over (partition by it.partner order by it.due_at) as turn
            from (
                select oldest.* from told cross join lateral (
                    select n.id, n.version, n.partner, n.due_at from notifications n
                    where n.partner = told.partner and n.state in ('pending', 'scheduled') and n.claimed_by is null
                      and (n.waits is null or n.rung)
                      and n.due_at <= now() and (n.due_at > n.updated_at or n.due_at <= now() - make_interval(secs => $3))
                    order by n.due_at limit $2) oldest
                union all
                select parked.* from ready cross join lateral (
                    select n.id, n.version, n.partner, n.due_at from notifications n
                    where n.waits = ready.channel and not n.rung and n.state = 'scheduled' and n.claimed_by is null
                    order by n.due_at limit ready.most) parked) it),
         picked as (
            select p.id from (select id, version from due order by turn, due_at) due cross join lateral (
                select id from notifications
                where id = due.id and version = due.version and claimed_by is null limit 1 for update skip locked) p
            limit $2)
         update notifications t set version = t.version + 1, claimed_by = $1, claimed_at = now(),
             rung = t.waits is not null
         from picked, events e where t.id = picked.id and e.id = t.event returning",
        "",
        wish.host,
        wish.room,
        wish.overdue_seconds,
        LEFT_ALONE.as_secs_f64(),
        ASKING.as_secs_f64()
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Notification)
}
