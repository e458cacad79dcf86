//! The redrive store over Postgres: starting and moving redrives, and hosts' claims on their lanes.

mod advance;
mod claim;
mod items;
mod start;

use async_trait::async_trait;
use lockgate_core::change::Change;
use lockgate_core::delivery::Delivery;
use lockgate_core::id::{HostId, RedriveId};
use lockgate_core::ports::{AdvanceError, ClaimedLane, Left, RedriveStore, StoreError};
use lockgate_core::redrive::{Place, Redrive, RedriveState};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Version;

use crate::column::word;
use crate::error::Failure;
use crate::row::one;
use crate::store::PgStore;

#[async_trait]
impl RedriveStore for PgStore {
    async fn start(&self, redrive: &Redrive) -> Result<Redrive, StoreError> {
        start::start(self, redrive).await?;
        let started = find(self, redrive.id).await?;
        Ok(started.ok_or_else(|| Failure::broken(format!("{} is gone again", redrive.id)))?)
    }

    async fn find_redrive(&self, id: RedriveId) -> Result<Option<Redrive>, StoreError> {
        Ok(find(self, id).await?)
    }

    async fn move_redrive(
        &self,
        id: RedriveId,
        version: Version,
        next: RedriveState,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        Ok(move_on(self, id, version, next, at).await?)
    }

    async fn claim_lane(&self, host: HostId) -> Result<Option<ClaimedLane>, StoreError> {
        Ok(claim::claim(self, host).await?)
    }

    async fn items(&self, lane: &ClaimedLane, room: usize) -> Result<Vec<Delivery>, StoreError> {
        Ok(items::next(self, lane, room).await?)
    }

    async fn advance(&self, lane: &ClaimedLane, past: Place, change: Option<&Change>) -> Result<(), AdvanceError> {
        advance::advance(self, lane, past, change).await
    }

    async fn leave(&self, lane: &ClaimedLane, left: Left) -> Result<(), StoreError> {
        Ok(claim::leave(self, lane, left).await?)
    }
}

async fn find(store: &PgStore, id: RedriveId) -> Result<Option<Redrive>, Failure> {
    one(redrives!("where t.id = $1", id.uuid()).fetch_optional(&store.worker).await?)
}

/// Waits for items under way, which hold the row shared; the next item finds that it may not be moved.
async fn move_on(
    store: &PgStore,
    id: RedriveId,
    version: Version,
    next: RedriveState,
    at: Timestamp,
) -> Result<bool, Failure> {
    let done = sqlx::query!(
        "update redrives set version = version + 1, state = $3, updated_at = $4 where id = $1 and version = $2",
        id.uuid(),
        version,
        word(&next)?,
        at
    )
    .execute(&store.worker)
    .await?;
    Ok(done.rows_affected() == 1)
}
