//! Many uploads on one host: they share its memory, and nobody is left waiting for somebody who does nothing.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use lockgate_core::digest::Digest;
use lockgate_core::ports::{PayloadError, PayloadStore as _, Stir, UploadWriter};
use lockgate_core::upload::UploadProgress;
use lockgate_payloads::{BudgetConfig, S3Config, S3PayloadStore};

use crate::rows::Rows;
use crate::world::{MIB, begin, chunks, config, content, transfer};
use lockgate_testkit::services::services;

const HOUR: Duration = Duration::from_secs(3600);

async fn store(budget: BudgetConfig) -> S3PayloadStore {
    let config = S3Config { budget, ..config(services().await.s3.endpoint.clone()).await };
    S3PayloadStore::connect(&config, std::sync::Arc::new(Rows::default())).await.expect("a store")
}

/// An upload that has taken so many bytes and waits for more.
async fn idle(store: &S3PayloadStore, bytes: &Bytes) -> Box<dyn UploadWriter> {
    let mut writer = begin(store, transfer(), UploadProgress::default()).await;
    for chunk in chunks(bytes) {
        writer.push(chunk).await.expect("there is memory");
    }
    writer
}

#[tokio::test]
async fn many_uploads_at_once_stay_within_the_budget_and_all_arrive() {
    let budget = BudgetConfig { bytes: 24 * MIB, yields: HOUR, refuses: HOUR };
    let store = store(budget).await;
    let bytes = content(17 * MIB);
    let upload = async || {
        let mut writer = begin(&store, transfer(), UploadProgress::default()).await;
        let mut most = 0;
        for chunk in chunks(&bytes) {
            writer.push(chunk).await.expect("memory, sooner or later");
            // Whoever takes memory does so here, so no moment is missed.
            most = most.max(store.held());
            if writer.step().is_some() {
                tokio::task::yield_now().await;
            }
        }
        let payload = writer.seal().await.expect("a payload").payload;
        assert_eq!(payload.digest, Digest::of(&bytes));
        most
    };
    let most = join_all((0..8).map(|_| upload())).await.into_iter().max().unwrap_or_default();
    assert!(most > 16 * MIB, "they were at work at the same time: {most}");
    // Whose turn it is may be a piece ahead of its part.
    assert!(most <= 24 * MIB + 100_000, "{most} bytes were held");
    assert_eq!(store.held(), 0, "everything was given back");
}

#[tokio::test]
async fn a_client_that_sends_little_holds_little() {
    let store = store(BudgetConfig { bytes: 16 * MIB, yields: HOUR, refuses: HOUR }).await;
    let slow = join_all((0..100).map(|_| async { idle(&store, &content(1000)).await })).await;
    assert_eq!(store.held(), 100 * 1000);
    let writer = idle(&store, &content(9 * MIB)).await;
    assert_eq!(writer.seal().await.expect("a payload").payload.size, 9 * MIB as u64);
    drop(slow);
}

#[tokio::test]
async fn an_upload_that_does_nothing_with_its_memory_is_told_when_others_wait_for_it() {
    let store = store(BudgetConfig { bytes: 16 * MIB, yields: Duration::from_millis(50), refuses: HOUR }).await;
    // One holds what all share, another has the turn.
    let mut first = idle(&store, &content(8 * MIB - 1)).await;
    let second = idle(&store, &content(4 * MIB)).await;
    let bytes = content(3 * MIB);
    let (third, stir) = tokio::join!(idle(&store, &bytes), async {
        let stir = first.stir().await;
        let progress = first.pause().await.expect("what it holds is kept");
        assert_eq!(progress.size(), 8 * MIB as u64 - 1);
        stir
    });
    assert_eq!(stir, Stir::Wanted);
    assert_eq!(third.seal().await.expect("a payload").payload.digest, Digest::of(&bytes));
    assert_eq!(second.seal().await.expect("a payload").payload.size, 4 * MIB as u64);
}

#[tokio::test]
async fn an_upload_that_waits_too_long_is_refused_and_keeps_what_it_has() {
    let store = store(BudgetConfig { bytes: 16 * MIB, yields: HOUR, refuses: Duration::from_millis(50) }).await;
    let mut refused = idle(&store, &content(60_000)).await;
    let others = (idle(&store, &content(8 * MIB - 65_536)).await, idle(&store, &content(4 * MIB)).await);
    let error = refused.push(content(MIB)).await.expect_err("nothing is left");
    assert!(matches!(error, PayloadError::Crowded { retry_after } if retry_after >= Duration::from_secs(1)), "{error}");
    let progress = refused.pause().await.expect("what it holds is kept");
    assert_eq!(progress.size(), 60_000);
    drop(others);
    let transfer = transfer();
    let mut writer = begin(&store, transfer, progress).await;
    writer.push(content(MIB)).await.expect("there is memory again");
    assert_eq!(writer.seal().await.expect("a payload").payload.size, 60_000 + MIB as u64);
}

#[tokio::test]
async fn maskings_wait_without_end_and_share_the_budget() {
    let store = store(BudgetConfig { bytes: 16 * MIB, yields: HOUR, refuses: Duration::from_millis(10) }).await;
    let held = (idle(&store, &content(8 * MIB - 65_536)).await, idle(&store, &content(4 * MIB)).await);
    let mut writer = store.write(crate::world::intent()).await.expect("a writer");
    let bytes = content(MIB);
    let (pushed, ()) = tokio::join!(writer.push(bytes.clone()), async {
        let late = idle_refused(&store).await;
        assert!(late, "an upload is refused meanwhile");
        drop(held);
    });
    pushed.expect("it was its turn at last");
    assert_eq!(writer.seal().await.expect("a payload").payload.digest, Digest::of(&bytes));
}

/// Whether an upload of one piece is refused.
async fn idle_refused(store: &S3PayloadStore) -> bool {
    let mut writer = begin(store, transfer(), UploadProgress::default()).await;
    matches!(writer.push(content(MIB)).await, Err(PayloadError::Crowded { .. }))
}
