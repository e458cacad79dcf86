//! Moves one item: its change, the lane's place and the lane's counts in one transaction, so that whatever dies in
//! between, no item is moved twice or passed over.

use lockgate_core::change::Change;
use lockgate_core::ports::{AdvanceError, ClaimedLane, StoreError};
use lockgate_core::redrive::Place;

use crate::commit::{self, Rings};
use crate::error::Failure;
use crate::store::PgStore;

/// What became of an item.
enum Moved {
    Done { rings: Rings },
    Lost,
}

pub(super) async fn advance(
    store: &PgStore,
    lane: &ClaimedLane,
    past: Place,
    change: Option<&Change>,
) -> Result<(), AdvanceError> {
    match retried!(run(store, lane, past, change)) {
        Ok(Moved::Done { rings }) => {
            rings.tell(store);
            Ok(())
        }
        Ok(Moved::Lost) => Err(AdvanceError::Lost),
        Err(Failure::Stale) => Err(AdvanceError::Stale),
        Err(failure) => Err(AdvanceError::Store(StoreError::from(failure))),
    }
}

async fn run(store: &PgStore, claimed: &ClaimedLane, past: Place, change: Option<&Change>) -> Result<Moved, Failure> {
    let lane = &claimed.lane;
    let mut transaction = store.begin().await?;
    // Held until the commit: whoever pauses or cancels waits for this item, and this item does not outrun them.
    let runs =
        sqlx::query!("select id from redrives where id = $1 and state = 'running' for share", lane.redrive.uuid())
            .fetch_optional(&mut *transaction)
            .await?;
    if runs.is_none() {
        return Ok(Moved::Lost);
    }
    let moved = i64::from(change.is_some());
    let held = sqlx::query!(
        "update redrive_lanes
         set cursor_position = $4, cursor_delivery = $5, moved = moved + $6, skipped = skipped + 1 - $6
         where redrive = $1 and destination = $2 and version = $3",
        lane.redrive.uuid(),
        lane.destination.uuid(),
        lane.version,
        past.position,
        past.delivery.uuid(),
        moved
    )
    .execute(&mut *transaction)
    .await?;
    if held.rows_affected() == 0 {
        return Ok(Moved::Lost);
    }
    let rings = match change {
        Some(change) => match commit::write(&mut transaction, change, None).await {
            Ok(rings) => rings,
            Err(failure) => {
                // Before anybody hears of it: the lane is to be free for whoever claims it next.
                transaction.rollback().await?;
                return Err(failure);
            }
        },
        None => Rings::default(),
    };
    transaction.commit().await?;
    Ok(Moved::Done { rings })
}
