//! Work that a host claimed and did not live to finish. Taking it over counts as an adoption where a host had begun: what
//! only waited in its memory killed nobody, and a message that is composed runs no plugin any more. What is judged has
//! begun once its revisions are pinned, a delivery while it is attempted or is to be judged anew. Of a notification that is
//! still to be composed nothing says whether that had begun; it counts, up to the death that would have it passed over. That
//! one counts only where beginning was written down.

use lockgate_core::state::ADOPTIONS;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Wish;
use crate::claim::{Claimed, claimed};
use crate::error::Failure;

/// From so many on, one more has a notification passed over.
const SUSPECT: i32 = ADOPTIONS as i32 - 1;

/// The dead that still hold something. Who holds anything is found by one step through an index for each, however much that
/// is; nearly always nobody of them is dead.
pub(super) async fn hosts(connection: &mut PgConnection) -> Result<Vec<Uuid>, Failure> {
    let dead = sqlx::query_scalar!(
        r#"with recursive
             of_transfers(host) as (
               (select claimed_by from transfers where claimed_by is not null order by claimed_by limit 1)
               union all select (select t.claimed_by from transfers t where t.claimed_by > h.host order by t.claimed_by limit 1)
               from of_transfers h where h.host is not null),
             of_consignments(host) as (
               (select claimed_by from consignments where claimed_by is not null order by claimed_by limit 1)
               union all select (select t.claimed_by from consignments t where t.claimed_by > h.host order by t.claimed_by limit 1)
               from of_consignments h where h.host is not null),
             of_deliveries(host) as (
               (select claimed_by from deliveries where claimed_by is not null order by claimed_by limit 1)
               union all select (select t.claimed_by from deliveries t where t.claimed_by > h.host order by t.claimed_by limit 1)
               from of_deliveries h where h.host is not null),
             of_notifications(host) as (
               (select claimed_by from notifications where claimed_by is not null order by claimed_by limit 1)
               union all select (select t.claimed_by from notifications t where t.claimed_by > h.host order by t.claimed_by limit 1)
               from of_notifications h where h.host is not null)
           select host as "host!"
           from (select host from of_transfers union select host from of_consignments
                 union select host from of_deliveries union select host from of_notifications) holders
           where host is not null and not exists (select from hosts h where h.id = host and h.alive_until >= now())"#
    )
    .fetch_all(connection)
    .await?;
    Ok(dead)
}

pub(super) async fn transfers(
    connection: &mut PgConnection,
    wish: Wish,
    hosts: &[Uuid],
) -> Result<Vec<Claimed>, Failure> {
    let rows = transfers!(
        "with dead as (
            select id from transfers
            where claimed_by = any($3) and state = 'received'
              and not exists (select from hosts h where h.id = claimed_by and h.alive_until >= now())
            order by claimed_at limit $2 for update skip locked)
         update transfers t
         set version = t.version + 1, claimed_by = $1, claimed_at = now(), adoptions = t.adoptions + t.pinned::int
         from dead where t.id = dead.id returning",
        "",
        wish.host,
        wish.room,
        hosts
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Transfer)
}

pub(super) async fn consignments(
    connection: &mut PgConnection,
    wish: Wish,
    hosts: &[Uuid],
) -> Result<Vec<Claimed>, Failure> {
    let rows = consignments!(
        "with dead as (
            select id from consignments
            where claimed_by = any($3) and state = 'pending'
              and not exists (select from hosts h where h.id = claimed_by and h.alive_until >= now())
            order by claimed_at limit $2 for update skip locked)
         update consignments t
         set version = t.version + 1, claimed_by = $1, claimed_at = now(), adoptions = t.adoptions + t.pinned::int
         from dead where t.id = dead.id returning",
        "",
        wish.host,
        wish.room,
        hosts
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Consignment)
}

pub(super) async fn deliveries(
    connection: &mut PgConnection,
    wish: Wish,
    hosts: &[Uuid],
) -> Result<Vec<Claimed>, Failure> {
    let rows = deliveries!(
        "with dead as (
            select id from deliveries
            where claimed_by = any($3) and state = 'scheduled'
              and not exists (select from hosts h where h.id = claimed_by and h.alive_until >= now())
            order by claimed_at limit $2 for update skip locked)
         update deliveries t
         set version = t.version + 1, claimed_by = $1, claimed_at = now(),
             adoptions = t.adoptions + (t.attempting or t.judges)::int,
             attempting = false
         from dead where t.id = dead.id returning",
        "",
        wish.host,
        wish.room,
        hosts
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Delivery)
}

pub(super) async fn notifications(
    connection: &mut PgConnection,
    wish: Wish,
    hosts: &[Uuid],
) -> Result<Vec<Claimed>, Failure> {
    let rows = notifications!(
        "with dead as (
            select id from notifications
            where claimed_by = any($4) and state in ('pending', 'scheduled')
              and not exists (select from hosts h where h.id = claimed_by and h.alive_until >= now())
            order by claimed_at limit $2 for update skip locked)
         update notifications t
         set version = t.version + 1, claimed_by = $1, claimed_at = now(),
             adoptions = t.adoptions
                 + (t.state = 'pending' and (t.adoptions < $3 or t.begun is not distinct from t.version))::int
         from dead, events e where t.id = dead.id and e.id = t.event returning",
        "",
        wish.host,
        wish.room,
        SUSPECT,
        hosts
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Notification)
}
