//! The upload store in memory.

use async_trait::async_trait;
use lockgate_core::change::Change;
use lockgate_core::id::{PayloadId, UploadId};
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::ports::{Advance, CommitError, StoreError, Sweepable, UploadError, UploadStore};
use lockgate_core::quota::{OverQuota, Quota};
use lockgate_core::time::{Clock, Timestamp};
use lockgate_core::transfer::Version;
use lockgate_core::upload::Upload;

use super::MemoryStore;

impl MemoryStore {
    /// The next so many receipts are written, but their answers get lost.
    pub fn lose_answers(&self, number: usize) {
        self.state().lost_answers = number;
    }

    /// The next so many receipts fail.
    pub fn lose_receipts(&self, number: usize) {
        self.state().lost_receipts = number;
    }
}

#[async_trait]
impl UploadStore for MemoryStore {
    async fn begin_partial(
        &self,
        upload: &Upload,
        _at: Timestamp,
        quota: Quota,
    ) -> Result<Option<OverQuota>, StoreError> {
        let mut state = self.state();
        let over = state.over(upload, quota);
        if over.is_none() {
            state.uploads.insert(upload.id, upload.clone());
        }
        Ok(over)
    }

    async fn renew(&self, ids: &[UploadId]) -> Result<(), StoreError> {
        let at = self.clock.now();
        for upload in self.state().uploads.values_mut().filter(|it| ids.contains(&it.id)) {
            upload.expires_at = at + std::time::Duration::from_secs(24 * 60 * 60);
        }
        Ok(())
    }

    async fn upload(&self, id: UploadId) -> Result<Option<Upload>, StoreError> {
        Ok(self.state().uploads.get(&id).cloned())
    }

    async fn advance(&self, advance: &Advance) -> Result<Upload, UploadError> {
        let mut state = self.state();
        let upload = state.uploads.get_mut(&advance.upload).ok_or(UploadError::Unknown(advance.upload))?;
        if upload.version != advance.version {
            return Err(UploadError::Stale(advance.upload));
        }
        upload.version += 1;
        upload.offset = advance.offset;
        upload.length = advance.length.or(upload.length);
        upload.progress = advance.progress.clone();
        Ok(upload.clone())
    }

    async fn sealed(&self, id: UploadId, version: Version, payload: &Payload) -> Result<Upload, UploadError> {
        let mut state = self.state();
        let upload = state.uploads.get_mut(&id).ok_or(UploadError::Unknown(id))?;
        if upload.complete {
            return Ok(upload.clone());
        }
        if upload.version != version {
            return Err(UploadError::Stale(id));
        }
        upload.version += 1;
        upload.complete = true;
        upload.offset = payload.size;
        upload.length = Some(payload.size);
        let upload = upload.clone();
        state.sealed.insert(id, payload.clone());
        Ok(upload)
    }

    async fn receive(&self, _upload: UploadId, change: &Change) -> Result<(), CommitError> {
        let mut state = self.state();
        if let Some(left) = state.lost_receipts.checked_sub(1) {
            state.lost_receipts = left;
            return Err(CommitError::Store(StoreError::Unavailable("as planned".to_owned())));
        }
        state.write(change)?;
        if let Some(left) = state.lost_answers.checked_sub(1) {
            state.lost_answers = left;
            return Err(CommitError::Store(StoreError::Unavailable("its answer got lost, as planned".to_owned())));
        }
        Ok(())
    }

    async fn sealed_payload(&self, id: UploadId) -> Result<Option<Payload>, StoreError> {
        Ok(self.state().sealed.get(&id).cloned())
    }

    async fn terminate(&self, id: UploadId) -> Result<(), StoreError> {
        self.state().uploads.remove(&id);
        Ok(())
    }

    async fn begin_object(
        &self,
        _id: PayloadId,
        _owner: ObjectOwner,
        _key: &str,
        _version: Version,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn landed(
        &self,
        id: PayloadId,
        _owner: ObjectOwner,
        _key: &str,
        _version: Version,
    ) -> Result<bool, StoreError> {
        self.state().landed.push(id);
        Ok(true)
    }

    async fn note_multipart(&self, _id: PayloadId, multipart: &str, _gone: Option<&str>) -> Result<String, StoreError> {
        Ok(multipart.to_owned())
    }

    async fn sweepable(&self, _room: usize, _again_after: std::time::Duration) -> Result<Vec<Sweepable>, StoreError> {
        Ok(vec![])
    }

    async fn swept(&self, _id: PayloadId) -> Result<(), StoreError> {
        Ok(())
    }
}
