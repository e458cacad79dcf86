//! Puts commands in the outbox, and nudges beside them. The commands' ids are drawn here, after the aggregate was locked, so that per key they follow
//! the versions.

use lockgate_core::command::Command;
use lockgate_core::id::DeliveryId;
use lockgate_core::nudge::Nudge;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::error::Failure;

/// How many lanes there are; the table of lanes has a row for each.
const LANES: u64 = 16;

/// Puts commands in the outbox, in their order, and nudges beside it.
pub(crate) async fn ring(connection: &mut PgConnection, commands: &[Command], nudges: &[Nudge]) -> Result<(), Failure> {
    if commands.is_empty() && nudges.is_empty() {
        return Ok(());
    }
    let lanes: Vec<_> = commands.iter().map(|it| lane(it.work.uuid())).collect();
    let kinds: Vec<_> = commands.iter().map(|it| it.work.kind().to_owned()).collect();
    let keys: Vec<_> = commands.iter().map(|it| it.work.uuid()).collect();
    let versions: Vec<_> = commands.iter().map(|it| it.version).collect();
    let partners: Vec<_> = commands.iter().map(|it| it.partner.uuid()).collect();
    let traces: Vec<_> = commands.iter().map(|it| it.trace.0.clone()).collect();
    let concerned = Concerned::of(nudges);
    sqlx::query!(
        "with nudging as (
           insert into nudges (transfer, delivery, partners)
           select transfer, delivery, array_agg(partner)
           from unnest($7::integer[], $8::uuid[], $9::uuid[], $10::uuid[]) n(place, transfer, delivery, partner)
           group by place, transfer, delivery)
         insert into outbox (lane, kind, aggregate, version, partner, trace)
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
        &concerned.places,
        &concerned.transfers,
        &concerned.deliveries as &[Option<Uuid>],
        &concerned.partners
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A row for each partner that a nudge concerns, gathered again by the nudge's place: arrays of arrays must be square.
#[derive(Default)]
struct Concerned {
    places: Vec<i32>,
    transfers: Vec<Uuid>,
    deliveries: Vec<Option<Uuid>>,
    partners: Vec<Uuid>,
}

impl Concerned {
    fn of(nudges: &[Nudge]) -> Self {
        let mut rows = Self::default();
        for (place, nudge) in (0..).zip(nudges) {
            for partner in &nudge.partners {
                rows.places.push(place);
                rows.transfers.push(nudge.transfer.uuid());
                rows.deliveries.push(nudge.delivery.map(DeliveryId::uuid));
                rows.partners.push(partner.uuid());
            }
        }
        rows
    }
}

/// The lane of a key: FNV-1a, because it must be the same in every binary that ever writes to the same outbox.
fn lane(key: Uuid) -> i16 {
    let hash = key
        .as_bytes()
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    i16::try_from((hash ^ (hash >> 32)) % LANES).expect("a lane is below 16")
}
