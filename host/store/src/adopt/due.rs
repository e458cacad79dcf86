//! Work that nobody holds and whose time came.
//!
//! Where `due_at <= updated_at` a command was put in the outbox, and Kafka gets its chance until it is overdue; where
//! `due_at` lies later (a retry, a postponement, a claim given back) nobody rings and the poll is the clock.

use lockgate_core::destination::DestinationSettings;
use sqlx::PgConnection;

use super::Wish;
use crate::claim::{Claimed, claimed};
use crate::error::Failure;

pub(super) async fn transfers(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = transfers!(
        "with due as (
            select id, version, row_number() over (partition by sender order by due_at) as turn
            from (
                select id, version, sender, due_at from transfers
                where state = 'received' and claimed_by is null and due_at <= now()
                  and (due_at > updated_at or due_at <= now() - make_interval(secs => $3))
                order by due_at limit $2::bigint * 8) oldest),
         picked as (
            select p.id from transfers p join due on p.id = due.id and p.version = due.version
            where p.claimed_by is null order by due.turn, p.due_at limit $2 for update of p skip locked)
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

pub(super) async fn consignments(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = consignments!(
        "with due as (
            select id, version, row_number() over (partition by receiver order by due_at) as turn
            from (
                select id, version, receiver, due_at from consignments
                where state = 'pending' and claimed_by is null and due_at <= now()
                  and (due_at > updated_at or due_at <= now() - make_interval(secs => $3))
                order by due_at limit $2::bigint * 8) oldest),
         picked as (
            select p.id from consignments p join due on p.id = due.id and p.version = due.version
            where p.claimed_by is null order by due.turn, p.due_at limit $2 for update of p skip locked)
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

pub(super) async fn deliveries(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = deliveries!(
        "with crowded as materialized (
            select b.destination from deliveries b join destinations t on t.id = b.destination
            where b.attempting group by b.destination, t.settings
            having count(*) >= coalesce((t.settings ->> 'concurrent')::integer, $4)),
         due as (
            select id, version, row_number() over (partition by receiver order by due_at) as turn
            from (
                select d.id, d.version, d.receiver, d.due_at from deliveries d
                where d.state = 'scheduled' and d.claimed_by is null and d.due_at <= now()
                  and (d.due_at > d.updated_at or d.due_at <= now() - make_interval(secs => $3))
                  and (d.position is null or not exists (
                       select from deliveries b
                       where b.destination = d.destination and b.position < d.position and b.state = 'scheduled'))
                  and (d.waits is distinct from 'slot' or d.destination not in (select destination from crowded))
                order by d.due_at limit $2::bigint * 8) oldest),
         picked as (
            select p.id from deliveries p join due on p.id = due.id and p.version = due.version
            where p.claimed_by is null order by due.turn, p.due_at limit $2 for update of p skip locked)
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

pub(super) async fn notifications(connection: &mut PgConnection, wish: Wish) -> Result<Vec<Claimed>, Failure> {
    let rows = notifications!(
        "with due as (
            select id, version, row_number() over (partition by partner order by due_at) as turn
            from (
                select id, version, partner, due_at from notifications
                where state in ('pending', 'scheduled') and claimed_by is null and due_at <= now()
                  and (due_at > updated_at or due_at <= now() - make_interval(secs => $3))
                order by due_at limit $2::bigint * 8) oldest),
         picked as (
            select p.id from notifications p join due on p.id = due.id and p.version = due.version
            where p.claimed_by is null order by due.turn, p.due_at limit $2 for update of p skip locked)
         update notifications t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from picked, events e where t.id = picked.id and e.id = t.event returning",
        "",
        wish.host,
        wish.room,
        wish.overdue_seconds
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Notification)
}
