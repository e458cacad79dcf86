//! Acknowledged bytes vanish from the payload store: their sender is told, and only where it concerns an upload that goes on.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use lockgate_core::id::{PayloadId, UploadId};
use lockgate_core::intake::{IntakeSettings, NewTransfer};
use lockgate_core::payload::{ObjectOwner, Payload};
use lockgate_core::ports::{
    Advance, ByteStream, PayloadError, PayloadStore, PayloadWriter, UploadStore, UploadWriter, WriteIntent,
};
use lockgate_core::trace::{NoTracer, TraceContext};
use lockgate_core::upload::{Upload, UploadProgress};
use lockgate_testkit::memory::MemoryStore;
use rstest::rstest;

use super::{acme, append, code, intake, new, on};
use crate::stage::Stage;

#[tokio::test]
async fn whoever_goes_on_with_bytes_that_are_gone_is_told_so_and_can_begin_anew() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let keyed = || NewTransfer { idempotency_key: Some("monday".to_owned()), ..new(Some(6)) };
    let id = intake.announce(&acme(&stage), keyed()).await.expect("it is agreed").upload.id;
    intake.append(&acme(&stage), append(id, 0, &["abc"])).await.expect("the offset is right");
    stage.payloads.lose_everything();
    for _ in 0..2 {
        let lost = intake.append(&acme(&stage), append(id, 3, &["def"])).await.expect_err("three bytes are gone");
        assert_eq!(lost.code().name(), "UPLOAD_LOST");
        assert!(lost.to_string().contains("end it with DELETE and announce the transfer again"), "{lost}");
    }
    intake.terminate(&acme(&stage), id, &TraceContext::default()).await.expect("it is ended");
    let anew = intake.announce(&acme(&stage), keyed()).await.expect("its key is free").upload.id;
    assert_ne!(anew, id);
    assert!(intake.append(&acme(&stage), append(anew, 0, &["abcdef"])).await.expect("all bytes").complete);
}

#[tokio::test]
async fn whoever_asks_for_an_upload_that_only_lacks_its_end_is_told_that_its_bytes_are_gone() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(None)).await.expect("it is agreed").upload.id;
    let upload = intake.append(&acme(&stage), append(id, 0, &["abc"])).await.expect("the offset is right");
    // Its host died between the last byte and the object.
    let advance =
        Advance { upload: id, version: upload.version, offset: 3, length: Some(3), progress: upload.progress };
    stage.store.advance(&advance).await.expect("an advance");
    stage.payloads.lose_everything();
    assert_eq!(code(intake.find(&acme(&stage), id).await), "UPLOAD_LOST");
}

/// What another request does to an upload meanwhile.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Nothing,
    Ends,
    GoesOn,
}

/// Finds nothing of an upload to which something happens meanwhile.
#[derive(Debug)]
struct Swept {
    store: Arc<MemoryStore>,
    upload: UploadId,
    meanwhile: Meanwhile,
}

#[async_trait]
impl PayloadStore for Swept {
    async fn write(&self, _: WriteIntent) -> Result<Box<dyn PayloadWriter>, PayloadError> {
        unreachable!("nothing is masked")
    }

    async fn read(&self, _: &Payload, _: Range<u64>) -> Result<ByteStream, PayloadError> {
        unreachable!("nothing is read")
    }

    async fn upload(&self, _: ObjectOwner, _: &str, _: UploadProgress) -> Result<Box<dyn UploadWriter>, PayloadError> {
        match self.meanwhile {
            Meanwhile::Nothing => {}
            Meanwhile::Ends => self.store.terminate(self.upload).await.expect("it ends"),
            Meanwhile::GoesOn => {
                let Upload { version, length, progress, .. } =
                    self.store.upload(self.upload).await.expect("memory answers").expect("it is announced");
                let advance = Advance { upload: self.upload, version, offset: 2, length, progress };
                self.store.advance(&advance).await.expect("it goes on");
            }
        }
        Err(PayloadError::Missing(PayloadId::from_uuid(uuid::Uuid::nil())))
    }
}

#[rstest]
#[case::by_its_sender(Meanwhile::Ends, "UPLOAD_NOT_FOUND")]
#[case::by_whoever_goes_on(Meanwhile::GoesOn, "UPLOAD_BUSY")]
#[case::by_nobody(Meanwhile::Nothing, "UPLOAD_LOST")]
#[tokio::test]
async fn what_was_removed_because_nobody_needs_it_is_not_called_lost(
    #[case] meanwhile: Meanwhile,
    #[case] wanted: &str,
) {
    let stage = Stage::new().await;
    let id = intake(&stage).announce(&acme(&stage), new(Some(6))).await.expect("it is agreed").upload.id;
    let swept = Swept { store: stage.store.clone(), upload: id, meanwhile };
    let intake = on(&stage, Arc::new(swept), IntakeSettings::default(), Arc::new(NoTracer));
    assert_eq!(code(intake.append(&acme(&stage), append(id, 0, &["abc"])).await), wanted);
}
