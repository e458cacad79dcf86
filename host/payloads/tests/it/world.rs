//! What every test needs: a bucket of its own, rows, a proxy, and payloads whose bytes tell their place.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt as _;
use lockgate_core::id::{PayloadId, TransferId};
use lockgate_core::payload::Payload;
use lockgate_core::ports::{PayloadError, PayloadStore as _, UploadWriter, WriteIntent};
use lockgate_core::upload::UploadProgress;
use lockgate_payloads::{BudgetConfig, S3Config, S3PayloadStore};
use lockgate_testkit::services::{services, unique};
use time::OffsetDateTime;

use crate::rows::Rows;
use lockgate_testkit::s3_proxy::Proxy;

pub(crate) const MIB: usize = 1024 * 1024;

pub(crate) struct World {
    pub(crate) store: S3PayloadStore,
    /// Another node on the same bucket and rows.
    pub(crate) other: S3PayloadStore,
    pub(crate) rows: Arc<Rows>,
    pub(crate) proxy: Proxy,
}

impl World {
    pub(crate) async fn new() -> Self {
        let proxy = Proxy::before(&services().await.s3.endpoint).await;
        let config = config(proxy.url()).await;
        let rows = Arc::new(Rows::default());
        let store = S3PayloadStore::connect(&config, rows.clone()).await.unwrap();
        let other = S3PayloadStore::connect(&config, rows.clone()).await.unwrap();
        Self { store, other, rows, proxy }
    }

    pub(crate) async fn write(&self, bytes: &Bytes) -> Result<Payload, PayloadError> {
        let mut writer = self.store.write(intent()).await?;
        for chunk in chunks(bytes) {
            writer.push(chunk).await?;
        }
        Ok(writer.seal().await?.payload)
    }

    pub(crate) async fn read(&self, payload: &Payload) -> Result<Vec<u8>, PayloadError> {
        self.range(payload, 0, payload.size).await
    }

    pub(crate) async fn range(&self, payload: &Payload, from: u64, to: u64) -> Result<Vec<u8>, PayloadError> {
        let stream = self.store.read(payload, from..to).await?;
        stream
            .try_fold(vec![], |mut all, bytes| async move {
                all.extend_from_slice(&bytes);
                Ok(all)
            })
            .await
    }
}

pub(crate) async fn config(endpoint: String) -> S3Config {
    let s3 = &services().await.s3;
    S3Config {
        endpoint,
        region: s3.region.clone(),
        bucket: unique("payloads"),
        access_key: s3.access_key.clone(),
        secret_key: s3.secret_key.clone(),
        path_style: true,
        create_bucket: true,
        patience: Duration::from_secs(20),
        budget: BudgetConfig::default(),
    }
}

/// A writer that has taken the upload over.
pub(crate) async fn begin(
    node: &S3PayloadStore,
    transfer: TransferId,
    progress: UploadProgress,
) -> Box<dyn UploadWriter> {
    let first = progress.taken_over().next;
    let mut writer = node.upload(transfer.into(), "text/csv", progress).await.unwrap();
    writer.take_over(first);
    writer
}

pub(crate) fn transfer() -> TransferId {
    TransferId::generate(OffsetDateTime::now_utc())
}

pub(crate) fn intent() -> WriteIntent {
    WriteIntent {
        payload: PayloadId::generate(OffsetDateTime::now_utc()),
        transfer: transfer(),
        version: 3,
        media_type: "text/csv".to_owned(),
    }
}

/// Bytes of which every eight name their own place, so that anything out of place is seen.
pub(crate) fn content(size: usize) -> Bytes {
    let words = (0..size.div_ceil(8) as u64).flat_map(|word| word.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    words.take(size).collect::<Vec<_>>().into()
}

pub(crate) fn chunks(bytes: &Bytes) -> impl Iterator<Item = Bytes> {
    const CHUNK: usize = 100_000;
    (0..bytes.len()).step_by(CHUNK).map(|at| bytes.slice(at..bytes.len().min(at + CHUNK)))
}
