//! Rolls settled deliveries up into their consignment, and settled consignments into their transfer, in the same
//! transaction and by core's own functions.

use lockgate_core::change::Change;
use lockgate_core::claim::Aggregate;
use lockgate_core::consignment::ConsignmentState;
use lockgate_core::delivery::DeliveryState;
use lockgate_core::id::{ConsignmentId, TransferId};
use lockgate_core::state::{Stamp, consignment, transfer};
use sqlx::PgConnection;

use super::Writing;
use crate::column::from_word;
use crate::error::Failure;

/// What follows from a change for what it is a share of. The rows are locked, so two that settle at once follow one
/// another and the second sees the first.
pub(super) async fn settle(writing: &mut Writing<'_>, change: &Change) -> Result<(), Failure> {
    // A move without an entry settles nothing.
    let Some(last) = change.entries().last() else { return Ok(()) };
    let stamp = Stamp { actor: last.actor.clone(), at: change.at(), claim: None, trace_id: last.trace_id.clone() };
    let moved = match change.next() {
        Aggregate::Delivery(delivery) => {
            let whole = writing.consignment.take();
            let whole = whole.ok_or_else(|| Failure::broken("a delivery that moves without its consignment"))?;
            let states = delivery_states(writing.connection, delivery.consignment).await?;
            let Some(rolled) = consignment::roll_up(&whole, &states, &stamp) else { return Ok(()) };
            writing.apply(&rolled).await?;
            true
        }
        Aggregate::Consignment(_) => true,
        Aggregate::Transfer(_) | Aggregate::Notification(_) => false,
    };
    let Some(whole) = writing.transfer.clone().filter(|_| moved) else { return Ok(()) };
    let states = consignment_states(writing.connection, whole.id).await?;
    if let Some(rolled) = transfer::roll_up(&whole, &states, &stamp) {
        writing.apply(&rolled).await?;
    }
    Ok(())
}

/// Replays are told apart: what a share came to does not change by being sent once more.
async fn delivery_states(connection: &mut PgConnection, of: ConsignmentId) -> Result<Vec<DeliveryState>, Failure> {
    let words =
        sqlx::query_scalar!("select state from deliveries where consignment = $1 and replay_of is null", of.uuid())
            .fetch_all(connection)
            .await?;
    words.iter().map(|it| from_word("delivery state", it)).collect()
}

async fn consignment_states(connection: &mut PgConnection, of: TransferId) -> Result<Vec<ConsignmentState>, Failure> {
    let words = sqlx::query_scalar!("select state from consignments where transfer = $1", of.uuid())
        .fetch_all(connection)
        .await?;
    words.iter().map(|it| from_word("consignment state", it)).collect()
}
