//! Assembling many transfers at once: a host does some of them at a time, lets some wait and sends the rest away.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use futures::future::join_all;
use lockgate_core::id::UploadId;
use lockgate_core::intake::{Assemblies, Intake, IntakeError, IntakeSettings, NewTransfer};
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::ports::{ByteStream, PayloadError, PayloadStore, PayloadWriter, UploadWriter, WriteIntent};
use lockgate_core::trace::NoTracer;
use lockgate_core::upload::UploadProgress;
use lockgate_testkit::memory::MemoryPayloadStore;

use super::{acme, append, code, new, on};
use crate::stage::Stage;

/// Counts the payloads that are read at the same time; others come to their turn between any two chunks.
#[derive(Debug)]
struct Counting {
    payloads: Arc<MemoryPayloadStore>,
    open: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

struct Open(Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl PayloadStore for Counting {
    async fn write(&self, intent: WriteIntent) -> Result<Box<dyn PayloadWriter>, PayloadError> {
        self.payloads.write(intent).await
    }

    async fn read(&self, payload: &Payload, range: Range<u64>) -> Result<ByteStream, PayloadError> {
        let bytes = self.payloads.read(payload, range).await?;
        self.most.fetch_max(self.open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let open = Open(Arc::clone(&self.open));
        Ok(Box::pin(bytes.then(move |chunk| {
            let _counted = &open;
            async {
                tokio::task::yield_now().await;
                chunk
            }
        })))
    }

    async fn upload(
        &self,
        owner: ObjectOwner,
        media_type: &str,
        progress: UploadProgress,
    ) -> Result<Box<dyn UploadWriter>, PayloadError> {
        self.payloads.upload(owner, media_type, progress).await
    }
}

fn bounded(stage: &Stage, at_once: usize, waiting: usize) -> (Intake, Arc<AtomicUsize>) {
    let most = Arc::new(AtomicUsize::new(0));
    let counting = Counting { payloads: stage.payloads.clone(), open: Arc::default(), most: Arc::clone(&most) };
    let settings = IntakeSettings { assemblies: Assemblies { at_once, waiting }, ..IntakeSettings::default() };
    (on(stage, Arc::new(counting), settings, Arc::new(NoTracer)), most)
}

async fn partial(intake: &Intake, stage: &Stage, bytes: &'static str) -> UploadId {
    let begun = intake.begin_partial(&acme(stage), Some(bytes.len() as u64), None).await.expect("a partial upload");
    assert!(intake.append(&acme(stage), append(begun.id, 0, &[bytes])).await.expect("its bytes").complete);
    begun.id
}

fn of(part: UploadId) -> NewTransfer {
    NewTransfer { assembles: vec![part], ..new(None) }
}

#[tokio::test]
async fn no_more_are_assembled_at_once_than_the_host_may_and_all_are_in_the_end() {
    let stage = Stage::new().await;
    let (intake, most) = bounded(&stage, 2, 3);
    let mut finals = vec![];
    for bytes in ["the first", "the second", "the third", "the fourth", "the fifth"] {
        finals.push(of(partial(&intake, &stage, bytes).await));
    }
    let viewer = acme(&stage);
    let assembled = join_all(finals.into_iter().map(|it| intake.assemble(&viewer, it))).await;
    assert!(assembled.iter().all(|it| it.as_ref().is_ok_and(|it| it.upload.complete)), "{assembled:?}");
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_finds_the_line_full_announces_nothing_and_is_told_when_to_come_again() {
    let stage = Stage::new().await;
    let (intake, _) = bounded(&stage, 1, 0);
    let (one, other) = (partial(&intake, &stage, "one").await, partial(&intake, &stage, "other").await);
    let viewer = acme(&stage);
    let mut first = Box::pin(intake.assemble(&viewer, of(one)));
    assert!(futures::poll!(&mut first).is_pending(), "it is being read");
    let refused = intake.assemble(&viewer, of(other)).await.expect_err("there is no place");
    assert_eq!(refused.code().name(), "UPLOADS_CROWDED");
    assert!(
        matches!(refused, IntakeError::Queue { retry_after } if retry_after == Duration::from_secs(5)),
        "{refused}"
    );
    assert!(first.await.expect("its turn").upload.complete);
    let late = intake.assemble(&viewer, of(other)).await;
    assert!(late.as_ref().is_ok_and(|it| !it.repeated), "nothing was announced before");
    assert_eq!(code(late), "OK");
}
