//! Claims for commands: the fenced statement that is the inbox.
//!
//! One statement per kind of work, in one transaction where there are several. The version is the fencing token: a repeat, a
//! zombie or a command that another host was faster with matches no row.

use std::collections::HashMap;

use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin};
use lockgate_core::command::{Ring, RungCommand, Work};
use lockgate_core::id::HostId;
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::error::Failure;
use crate::store::PgStore;

/// Claims what the commands name.
pub(crate) async fn claim(store: &PgStore, host: HostId, commands: &[RungCommand]) -> Result<Vec<Claim>, Failure> {
    if commands.is_empty() {
        return Ok(vec![]);
    }
    retried!(run(store, host, commands))
}

async fn run(store: &PgStore, host: HostId, commands: &[RungCommand]) -> Result<Vec<Claim>, Failure> {
    let kind = commands[0].command.work.kind();
    let claimed = if commands.iter().all(|rung| rung.command.work.kind() == kind) {
        all(&mut *store.worker.acquire().await?, host.uuid(), commands).await?
    } else {
        let mut transaction = store.worker.begin().await?;
        let claimed = all(&mut transaction, host.uuid(), commands).await?;
        transaction.commit().await?;
        claimed
    };

    // The first ring of a version is the one that claimed it; Kafka may hold it twice.
    let mut rings: HashMap<(Work, i64), &Ring> = HashMap::new();
    for rung in commands {
        rings.entry((rung.command.work, rung.command.version)).or_insert(&rung.ring);
    }
    claimed
        .into_iter()
        .map(|(aggregate, at)| {
            let ring = rings
                .get(&(aggregate.work(), aggregate.version() - 1))
                .ok_or_else(|| Failure::broken(format!("{} was claimed without a command", aggregate.work())))?;
            Ok(Claim { aggregate, host, origin: ClaimOrigin::Rung((*ring).clone()), at })
        })
        .collect()
}

async fn all(connection: &mut PgConnection, host: Uuid, commands: &[RungCommand]) -> Result<Vec<Claimed>, Failure> {
    let mut claimed = vec![];
    let (ids, versions) = named(commands, |work| matches!(work, Work::Transfer(_)));
    if !ids.is_empty() {
        claimed.extend(transfers(connection, host, &ids, &versions).await?);
    }
    let (ids, versions) = named(commands, |work| matches!(work, Work::Consignment(_)));
    if !ids.is_empty() {
        claimed.extend(consignments(connection, host, &ids, &versions).await?);
    }
    let (ids, versions) = named(commands, |work| matches!(work, Work::Delivery(_)));
    if !ids.is_empty() {
        claimed.extend(deliveries(connection, host, &ids, &versions).await?);
    }
    let (ids, versions) = named(commands, |work| matches!(work, Work::Notification(_)));
    if !ids.is_empty() {
        claimed.extend(notifications(connection, host, &ids, &versions).await?);
    }
    Ok(claimed)
}

/// The ids and versions of one kind, sorted, so that hosts with overlapping commands lock rows in one order.
fn named(commands: &[RungCommand], wanted: impl Fn(&Work) -> bool) -> (Vec<Uuid>, Vec<i64>) {
    let mut keys: Vec<_> = commands
        .iter()
        .filter(|rung| wanted(&rung.command.work))
        .map(|rung| (rung.command.work.uuid(), rung.command.version))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().unzip()
}

/// An aggregate with the time of its claim.
pub(crate) type Claimed = (Aggregate, Timestamp);

/// Reads claimed rows of one kind.
macro_rules! claimed {
    ($rows:expr, $variant:ident) => {
        $rows
            .into_iter()
            .map(|row| {
                let at = row.claimed_at.ok_or_else(|| $crate::error::Failure::broken("a claim has no time"))?;
                Ok((lockgate_core::claim::Aggregate::$variant(row.try_into()?), at))
            })
            .collect::<Result<Vec<$crate::claim::Claimed>, $crate::error::Failure>>()
    };
}
pub(crate) use claimed;

async fn transfers(
    connection: &mut PgConnection,
    host: Uuid,
    ids: &[Uuid],
    versions: &[i64],
) -> Result<Vec<Claimed>, Failure> {
    let rows = transfers!(
        "update transfers t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from unnest($2::uuid[], $3::bigint[]) k(id, version)
         where t.id = k.id and t.version = k.version and t.state = 'received' returning",
        "",
        host,
        ids,
        versions
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Transfer)
}

async fn consignments(
    connection: &mut PgConnection,
    host: Uuid,
    ids: &[Uuid],
    versions: &[i64],
) -> Result<Vec<Claimed>, Failure> {
    let rows = consignments!(
        "update consignments t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from unnest($2::uuid[], $3::bigint[]) k(id, version)
         where t.id = k.id and t.version = k.version and t.state = 'pending' returning",
        "",
        host,
        ids,
        versions
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Consignment)
}

/// An ordered destination's delivery is claimed only when it is the lowest unfinished one; when that is settled the
/// next is rung for again (see `commit::line`).
async fn deliveries(
    connection: &mut PgConnection,
    host: Uuid,
    ids: &[Uuid],
    versions: &[i64],
) -> Result<Vec<Claimed>, Failure> {
    let rows = deliveries!(
        "update deliveries t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from unnest($2::uuid[], $3::bigint[]) k(id, version)
         where t.id = k.id and t.version = k.version and t.state = 'scheduled'
           and (t.position is null or not exists (
                select from deliveries b
                where b.destination = t.destination and b.position < t.position and b.state = 'scheduled'))
         returning",
        "",
        host,
        ids,
        versions
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Delivery)
}

async fn notifications(
    connection: &mut PgConnection,
    host: Uuid,
    ids: &[Uuid],
    versions: &[i64],
) -> Result<Vec<Claimed>, Failure> {
    let rows = notifications!(
        "update notifications t set version = t.version + 1, claimed_by = $1, claimed_at = now()
         from unnest($2::uuid[], $3::bigint[]) k(id, version), events e
         where t.id = k.id and t.version = k.version and t.state in ('pending', 'scheduled') and e.id = t.event
         returning",
        "",
        host,
        ids,
        versions
    )
    .fetch_all(connection)
    .await?;
    claimed!(rows, Notification)
}
