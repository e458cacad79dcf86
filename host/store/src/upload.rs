//! The upload store over Postgres.

use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::change::Change;
use lockgate_core::id::{PayloadId, UploadId};
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::ports::{Advance, CommitError, StoreError, Sweepable, UploadError, UploadStore};
use lockgate_core::quota::{OverQuota, Quota};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Version;
use lockgate_core::upload::Upload;

use crate::commit;
use crate::store::PgStore;

mod object;
mod partial;
mod progress;
mod sweep;

#[async_trait]
impl UploadStore for PgStore {
    async fn begin_partial(
        &self,
        upload: &Upload,
        at: Timestamp,
        quota: Quota,
    ) -> Result<Option<OverQuota>, StoreError> {
        Ok(partial::begin(self, upload, at, quota).await?)
    }

    async fn renew(&self, ids: &[UploadId]) -> Result<(), StoreError> {
        Ok(partial::renew(self, ids).await?)
    }

    async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError> {
        Ok(progress::find(self, id).await?)
    }

    async fn at_rest(&self, id: UploadId, patience: Duration) -> Result<Option<Upload>, StoreError> {
        Ok(progress::at_rest(self, id, patience).await?)
    }

    async fn advance(&self, advance: &Advance) -> Result<Upload, UploadError> {
        progress::advance(self, advance).await
    }

    async fn sealed(&self, id: UploadId, version: Version, payload: &Payload) -> Result<Upload, UploadError> {
        progress::seal(self, id, version, payload).await
    }

    async fn receive(&self, upload: UploadId, change: &Change) -> Result<(), CommitError> {
        commit::receive(self, upload, change).await
    }

    async fn sealed_payload(&self, id: UploadId) -> Result<Option<Payload>, StoreError> {
        Ok(progress::sealed_payload(self, id).await?)
    }

    async fn terminate(&self, id: UploadId) -> Result<(), StoreError> {
        Ok(progress::terminate(self, id).await?)
    }

    async fn begin_object(
        &self,
        id: PayloadId,
        owner: ObjectOwner,
        key: &str,
        version: Version,
    ) -> Result<(), StoreError> {
        Ok(object::begin(self, id, owner, key, version).await?)
    }

    async fn landed(&self, id: PayloadId, owner: ObjectOwner, key: &str, version: Version) -> Result<bool, StoreError> {
        Ok(object::landed(self, id, owner, key, version).await?)
    }

    async fn note_multipart(&self, id: PayloadId, multipart: &str, gone: Option<&str>) -> Result<String, StoreError> {
        Ok(object::note_multipart(self, id, multipart, gone).await?)
    }

    async fn sweepable(&self, room: usize, again_after: Duration) -> Result<Vec<Sweepable>, StoreError> {
        Ok(sweep::sweepable(self, room, again_after).await?)
    }

    async fn swept(&self, id: PayloadId) -> Result<(), StoreError> {
        Ok(sweep::swept(self, id).await?)
    }
}
