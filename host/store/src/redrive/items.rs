//! What a lane sends next, lowest place first.

use lockgate_core::delivery::Delivery;
use lockgate_core::ports::ClaimedLane;
use lockgate_core::redrive::{RedriveFilter, RedriveKind};
use sqlx::types::Uuid;

use crate::column::limit;
use crate::error::Failure;
use crate::row::{DeliveryRow, all};
use crate::store::PgStore;

pub(super) async fn next(store: &PgStore, claimed: &ClaimedLane, room: usize) -> Result<Vec<Delivery>, Failure> {
    let redrive = &claimed.redrive;
    let filter = RedriveFilter { destination: Some(claimed.lane.destination), ..redrive.filter.clone() };
    let (position, delivery) =
        claimed.lane.cursor.map_or((i64::MIN, Uuid::nil()), |it| (it.position, it.delivery.uuid()));
    // One list of columns for both kinds.
    macro_rules! items {
        ($condition:literal) => {
            chosen!(
                query_as!(
                    DeliveryRow,
                    r#"select d.id, d.version, d.state, d.consignment, d.transfer, d.receiver, d.destination, d.position,
                            d.due_at, d.attempts, d.last_error, d.cause, d.waits, d.generation, d.judges, d.redrive,
                            d.replay_of, d.released as "released: crate::doc::Payload",
                            d.adoptions, d.trace, d.created_at, d.updated_at, d.claimed_at
                           from deliveries d where "#,
                    $condition,
                    "and d.updated_at <= $7 and (coalesce(d.position, 0), d.id) > ($8, $9)
                         order by coalesce(d.position, 0), d.id limit $10"
                ),
                filter,
                redrive.created_at,
                position,
                delivery,
                limit(room)
            )
            .fetch_all(&store.worker)
            .await?
        };
    }
    let rows = match redrive.kind {
        RedriveKind::DeadLetters => items!("d.state = 'dead-lettered'"),
        RedriveKind::Replay => items!("d.replay_of is null and d.state = 'delivered'"),
    };
    all(rows)
}
