//! Claims for commands: the fenced statement that is the inbox.
//!
//! One statement per kind of work, in one transaction where there are several. The version is the fencing token: a repeat, a
//! zombie or a command that another host was faster with matches no row.

use std::collections::HashMap;

use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin};
use lockgate_core::command::{Ring, RungCommand, Work};
use lockgate_core::id::HostId;
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Version;
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
    let mut keys: Vec<_> = commands.iter().map(|rung| (rung.command.work, rung.command.version)).collect();
    // Hosts with overlapping commands lock rows in one order.
    keys.sort_unstable();
    keys.dedup();
    let kinds: Vec<_> = keys.chunk_by(|one, next| one.0.kind() == next.0.kind()).collect();
    let claimed = if let [kind] = kinds[..] {
        of_kind(&mut *store.worker.acquire().await?, host.uuid(), kind).await?
    } else {
        let mut transaction = store.begin().await?;
        let mut claimed = vec![];
        for kind in kinds {
            claimed.extend(of_kind(&mut transaction, host.uuid(), kind).await?);
        }
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

/// Claims what is named of one kind of work.
async fn of_kind(connection: &mut PgConnection, host: Uuid, keys: &[(Work, Version)]) -> Result<Vec<Claimed>, Failure> {
    let (ids, versions): (Vec<_>, Vec<_>) = keys.iter().map(|(work, version)| (work.uuid(), *version)).unzip();
    match keys.first() {
        Some((Work::Transfer(_), _)) => transfers(connection, host, &ids, &versions).await,
        Some((Work::Consignment(_), _)) => consignments(connection, host, &ids, &versions).await,
        Some((Work::Delivery(_), _)) => deliveries(connection, host, &ids, &versions).await,
        Some((Work::Notification(_), _)) => notifications(connection, host, &ids, &versions).await,
        None => Ok(vec![]),
    }
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

/// An ordered destination's delivery is claimed only when it is the lowest unfinished one, and no running redrive has a
/// lower one to schedule; when that is settled the next is rung for again (see `commit::line`).
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
           and (t.position is null or t.position <= first_in_line(t.destination))
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
