//! The rows of the upload store, in memory: what was begun, noted, loose and swept.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use lockgate_core::change::Change;
use lockgate_core::id::{PayloadId, UploadId};
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::ports::{Advance, CommitError, StoreError, Sweepable, UploadError, UploadStore};
use lockgate_core::quota::{OverQuota, Quota};
use lockgate_core::time::Timestamp;
use lockgate_core::transfer::Version;
use lockgate_core::upload::Upload;

/// One row per object, as the payload store asked for them.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) objects: Mutex<Vec<Sweepable>>,
    pub(crate) loose: Mutex<Vec<Sweepable>>,
    pub(crate) away: AtomicBool,
    /// Every row is swept before its object lands.
    pub(crate) swept: AtomicBool,
}

impl Rows {
    pub(crate) fn keys(&self) -> Vec<String> {
        self.objects.lock().unwrap().iter().map(|row| row.key.clone()).collect()
    }

    /// Lets go of every row whose key the test points at.
    pub(crate) fn loosen(&self, which: impl Fn(&Sweepable) -> bool) {
        self.objects.lock().unwrap().retain(|row| {
            let loose = which(row);
            if loose {
                self.loose.lock().unwrap().push(row.clone());
            }
            !loose
        });
    }

    fn answer(&self) -> Result<(), StoreError> {
        if self.away.load(Ordering::SeqCst) { Err(StoreError::Unavailable("away".to_owned())) } else { Ok(()) }
    }
}

fn unasked<T>() -> Result<T, StoreError> {
    Err(StoreError::Unexpected("the payload store never asks for this".to_owned()))
}

#[async_trait]
impl UploadStore for Rows {
    async fn begin_partial(&self, _: &Upload, _: Timestamp, _: Quota) -> Result<Option<OverQuota>, StoreError> {
        unasked()
    }

    async fn renew(&self, _: &[UploadId]) -> Result<(), StoreError> {
        unasked()
    }

    async fn upload(&self, _: UploadId) -> Result<Option<Upload>, StoreError> {
        unasked()
    }

    async fn advance(&self, _: &Advance) -> Result<Upload, UploadError> {
        Ok(unasked()?)
    }

    async fn sealed(&self, _: UploadId, _: Version, _: &Payload) -> Result<Upload, UploadError> {
        Ok(unasked()?)
    }

    async fn receive(&self, _: UploadId, _: &Change) -> Result<(), CommitError> {
        Ok(unasked()?)
    }

    async fn sealed_payload(&self, _: UploadId) -> Result<Option<Payload>, StoreError> {
        unasked()
    }

    async fn terminate(&self, _: UploadId) -> Result<(), StoreError> {
        unasked()
    }

    async fn begin_object(&self, id: PayloadId, _: ObjectOwner, key: &str, _: Version) -> Result<(), StoreError> {
        self.answer()?;
        if !self.swept.load(Ordering::SeqCst) {
            self.objects.lock().unwrap().push(Sweepable { id, key: key.to_owned(), multipart: None });
        }
        Ok(())
    }

    async fn landed(&self, id: PayloadId, _: ObjectOwner, key: &str, _: Version) -> Result<bool, StoreError> {
        self.answer()?;
        let stands = self.objects.lock().unwrap().iter().any(|row| row.id == id);
        if !stands {
            self.loose.lock().unwrap().push(Sweepable { id, key: key.to_owned(), multipart: None });
        }
        Ok(stands)
    }

    async fn note_multipart(&self, id: PayloadId, multipart: &str, gone: Option<&str>) -> Result<String, StoreError> {
        self.answer()?;
        let mut objects = self.objects.lock().unwrap();
        let row = objects.iter_mut().find(|row| row.id == id).expect("a multipart upload has a row");
        row.multipart.take_if(|noted| Some(noted.as_str()) == gone);
        Ok(row.multipart.get_or_insert_with(|| multipart.to_owned()).clone())
    }

    async fn sweepable(&self, room: usize, _again_after: std::time::Duration) -> Result<Vec<Sweepable>, StoreError> {
        Ok(self.loose.lock().unwrap().iter().take(room).cloned().collect())
    }

    async fn swept(&self, id: PayloadId) -> Result<(), StoreError> {
        self.loose.lock().unwrap().retain(|row| row.id != id);
        Ok(())
    }
}
