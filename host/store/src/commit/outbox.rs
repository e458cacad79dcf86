//! Puts commands in the outbox. Their ids are drawn here, after the aggregate was locked, so that per key they follow
//! the versions.

use lockgate_core::command::Command;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::error::Failure;

/// How many lanes there are; the table of lanes has a row for each.
const LANES: u64 = 16;

/// Puts commands in the outbox, in their order.
pub(crate) async fn ring(connection: &mut PgConnection, commands: &[Command]) -> Result<(), Failure> {
    if commands.is_empty() {
        return Ok(());
    }
    let lanes: Vec<_> = commands.iter().map(|it| lane(it.work.uuid())).collect();
    let kinds: Vec<_> = commands.iter().map(|it| it.work.kind().to_owned()).collect();
    let keys: Vec<_> = commands.iter().map(|it| it.work.uuid()).collect();
    let versions: Vec<_> = commands.iter().map(|it| it.version).collect();
    let partners: Vec<_> = commands.iter().map(|it| it.partner.uuid()).collect();
    let traces: Vec<_> = commands.iter().map(|it| it.trace.0.clone()).collect();
    sqlx::query!(
        "insert into outbox (lane, kind, aggregate, version, partner, trace)
         select lane, kind, aggregate, version, partner, trace
         from unnest($1::smallint[], $2::text[], $3::uuid[], $4::bigint[], $5::uuid[], $6::text[])
              with ordinality as c(lane, kind, aggregate, version, partner, trace, place)
         order by place",
        &lanes,
        &kinds,
        &keys,
        &versions,
        &partners,
        &traces as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The lane of a key: FNV-1a, because it must be the same in every binary that ever writes to the same outbox.
fn lane(key: Uuid) -> i16 {
    let hash = key
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    i16::try_from((hash ^ (hash >> 32)) % LANES).expect("a lane is below 16")
}
