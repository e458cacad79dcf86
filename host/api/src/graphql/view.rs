//! The one consistent view of a request: opened at the first read, closed when the answer is complete.

use std::sync::Arc;

use lockgate_core::ports::{Snapshot, StoreError, TransferStore};
use lockgate_core::viewer::Viewer;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A snapshot that is opened when somebody reads; a request that is refused or only mutates never opens one.
#[derive(Debug)]
pub(crate) struct View {
    store: Arc<dyn TransferStore>,
    viewer: Viewer,
    open: RwLock<Option<Box<dyn Snapshot>>>,
}

impl View {
    pub(crate) fn new(store: Arc<dyn TransferStore>, viewer: Viewer) -> Self {
        Self { store, viewer, open: RwLock::new(None) }
    }

    /// The snapshot, to be read now.
    pub(crate) async fn read(&self) -> Result<RwLockReadGuard<'_, dyn Snapshot>, StoreError> {
        if let Ok(snapshot) = RwLockReadGuard::try_map(self.open.read().await, |it| it.as_deref()) {
            return Ok(snapshot);
        }
        let mut open = self.open.write().await;
        if open.is_none() {
            *open = Some(self.store.snapshot(&self.viewer).await?);
        }
        let lost = |_| StoreError::Unexpected("the view was closed while it was read".to_owned());
        RwLockReadGuard::try_map(RwLockWriteGuard::downgrade(open), |it| it.as_deref()).map_err(lost)
    }

    /// Closes the snapshot; a later read opens a new one, which sees what has changed since.
    pub(crate) async fn close(&self) {
        let snapshot = self.open.write().await.take();
        if let Some(snapshot) = snapshot {
            snapshot.close().await;
        }
    }
}
