//! Stories of intake: appending from any node, and everything that can be wrong with it.

mod announcing;
mod assembling;
mod loss;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use lockgate_core::id::UploadId;
use lockgate_core::intake::{
    Append, BodyError, BodyStream, Checksum, Intake, IntakeError, IntakePorts, IntakeSettings, NewTransfer,
};
use lockgate_core::ports::{PayloadStore, TransferStore, UploadStore};
use lockgate_core::trace::{NoTracer, TraceContext, Tracer};
use lockgate_core::transfer::TransferState;
use lockgate_core::upload::Upload;
use lockgate_core::viewer::{Role, Viewer};
use rstest::rstest;
use sha2::Digest as _;

use crate::stage::Stage;

/// Remembers the contexts that spans were made children of.
#[derive(Debug, Default)]
struct Remembers(Mutex<Vec<TraceContext>>);

impl Tracer for Remembers {
    fn adopt(&self, _span: &tracing::Span, parent: &TraceContext) {
        self.0.lock().expect("no test panics while it holds it").push(parent.clone());
    }

    fn context(&self, _span: &tracing::Span) -> TraceContext {
        TraceContext::default()
    }
}

fn intake(stage: &Stage) -> Intake {
    traced(stage, Arc::new(NoTracer))
}

fn traced(stage: &Stage, tracer: Arc<dyn Tracer>) -> Intake {
    let settings = IntakeSettings { max_size: 2_000_000, max_receivers: 3, ..IntakeSettings::default() };
    over(stage, settings, tracer)
}

fn over(stage: &Stage, settings: IntakeSettings, tracer: Arc<dyn Tracer>) -> Intake {
    on(stage, stage.payloads.clone(), settings, tracer)
}

fn on(stage: &Stage, payloads: Arc<dyn PayloadStore>, settings: IntakeSettings, tracer: Arc<dyn Tracer>) -> Intake {
    let ports = IntakePorts {
        store: stage.store.clone(),
        uploads: stage.store.clone(),
        registry: stage.store.clone(),
        payloads,
        clock: stage.clock.clone(),
        tracer,
    };
    Intake::new(ports, settings)
}

fn acme(stage: &Stage) -> Viewer {
    Viewer { subject: "alice".to_owned(), role: Role::Partner(stage.acme) }
}

fn new(size: Option<u64>) -> NewTransfer {
    NewTransfer {
        receivers: vec!["globex".to_owned()],
        file_name: "invoice-812.xml".to_owned(),
        media_type: "application/xml".to_owned(),
        size,
        ..NewTransfer::default()
    }
}

fn body(chunks: &[&'static str], broken: bool) -> BodyStream {
    let end = broken.then(|| Err(BodyError("reset by peer".to_owned())));
    let chunks: Vec<_> = chunks.iter().map(|it| Ok(Bytes::from_static(it.as_bytes()))).chain(end).collect();
    Box::pin(stream::iter(chunks))
}

fn append(upload: UploadId, offset: u64, chunks: &[&'static str]) -> Append {
    Append { upload, offset, length: None, content_length: None, checksum: None, body: body(chunks, false) }
}

fn code<T>(result: Result<T, IntakeError>) -> &'static str {
    result.map_or_else(|error| error.code().name(), |_| "OK")
}

#[tokio::test]
async fn bytes_come_in_stretches_on_any_node_and_are_then_acknowledged() {
    let stage = Stage::new().await;
    let (one, other) = (intake(&stage), intake(&stage));
    let announced = one.announce(&acme(&stage), new(Some(11))).await.expect("it is agreed");
    let id = announced.upload.id;
    let upload = one.append(&acme(&stage), append(id, 0, &["hel", "lo", " "])).await.expect("the offset is right");
    assert_eq!((upload.offset, upload.complete), (6, false));
    let upload = other.append(&acme(&stage), append(id, 6, &["world"])).await.expect("the offset is right");
    assert_eq!((upload.offset, upload.complete), (11, true));
    let transfer = stage.get(announced.transfer.id);
    assert_eq!(transfer.state, TransferState::Received);
    assert_eq!(stage.text(transfer.source.as_ref()), "hello world");
    assert!(stage.store.ring(stage.host).is_some());
    assert_eq!(code(one.append(&acme(&stage), append(id, 11, &["!"])).await), "UPLOAD_COMPLETE");
}

#[tokio::test]
async fn every_stretch_belongs_to_the_trace_of_the_transfer() {
    let stage = Stage::new().await;
    let tracer = Arc::new(Remembers::default());
    let intake = traced(&stage, tracer.clone());
    let trace = TraceContext(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()));
    let announced = NewTransfer { trace: trace.clone(), ..new(Some(4)) };
    let id = intake.announce(&acme(&stage), announced).await.expect("it is agreed").upload.id;
    intake.append(&acme(&stage), append(id, 0, &["ab"])).await.expect("the offset is right");
    intake.append(&acme(&stage), append(id, 2, &["cd"])).await.expect("the offset is right");
    assert_eq!(*tracer.0.lock().expect("nobody panicked"), [trace.clone(), trace]);
}

#[tokio::test]
async fn what_came_before_the_connection_broke_is_kept() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(Some(11))).await.expect("it is agreed").upload.id;
    let broken = Append { body: body(&["hello", " wo"], true), ..append(id, 0, &[]) };
    let error = intake.append(&acme(&stage), broken).await.expect_err("it broke");
    assert!(matches!(error, IntakeError::Interrupted { kept: 8, .. }), "{error}");
    let found = intake.find(&acme(&stage), id).await.expect("it is there");
    assert_eq!(found.offset, 8);
    assert_eq!(code(intake.append(&acme(&stage), append(id, 3, &["x"])).await), "UPLOAD_OFFSET_MISMATCH");
    let upload = intake.append(&acme(&stage), append(id, 8, &["rld"])).await.expect("the offset is right");
    assert!(upload.complete);
}

#[rstest]
#[case(Checksum::Sha256(sha2::Sha256::digest(b"hello").into()), "OK")]
#[case(Checksum::Sha1(sha1::Sha1::digest(b"hello").into()), "OK")]
#[case(Checksum::Sha256([0; 32]), "UPLOAD_CHECKSUM_MISMATCH")]
#[tokio::test]
async fn bytes_under_a_checksum_are_kept_all_or_not_at_all(#[case] checksum: Checksum, #[case] wanted: &str) {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(Some(11))).await.expect("it is agreed").upload.id;
    let checked = Append { checksum: Some(checksum), ..append(id, 0, &["he", "llo"]) };
    assert_eq!(code(intake.append(&acme(&stage), checked).await), wanted);
    let offset = intake.find(&acme(&stage), id).await.expect("it is there").offset;
    assert_eq!(offset, if wanted == "OK" { 5 } else { 0 });
}

#[tokio::test]
async fn more_bytes_than_announced_change_nothing() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(Some(3))).await.expect("it is agreed").upload.id;
    assert_eq!(code(intake.append(&acme(&stage), append(id, 0, &["ab", "cd"])).await), "UPLOAD_TOO_LONG");
    let declared = Append { content_length: Some(4), ..append(id, 0, &["abcd"]) };
    assert_eq!(code(intake.append(&acme(&stage), declared).await), "UPLOAD_TOO_LONG");
    assert_eq!(intake.find(&acme(&stage), id).await.expect("it is there").offset, 0);
}

#[tokio::test]
async fn a_deferred_length_is_declared_once_and_within_the_agreement() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(None)).await.expect("it is agreed").upload.id;
    intake.append(&acme(&stage), append(id, 0, &["abc"])).await.expect("no length yet");
    let with = |length| Append { length: Some(length), ..append(id, 3, &["de"]) };
    assert_eq!(code(intake.append(&acme(&stage), with(2)).await), "UPLOAD_LENGTH_CONFLICT");
    assert_eq!(code(intake.append(&acme(&stage), with(1_000_001)).await), "PAYLOAD_TOO_LARGE");
    assert!(intake.append(&acme(&stage), with(5)).await.expect("it fits").complete);
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let announced = intake.announce(&acme(&stage), new(Some(0))).await.expect("it is agreed");
    let upload = intake.append(&acme(&stage), append(announced.upload.id, 0, &[])).await.expect("nothing is missing");
    assert!(upload.complete);
    assert_eq!(stage.get(announced.transfer.id).state, TransferState::Received);
}

#[tokio::test]
async fn asking_for_the_offset_finishes_a_commit_that_a_dead_host_began() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let announced = intake.announce(&acme(&stage), new(Some(5))).await.expect("it is agreed");
    let id = announced.upload.id;
    intake.append(&acme(&stage), append(id, 0, &["abcd"])).await.expect("the offset is right");
    // The host died after the last byte was durable and before the transfer was received.
    let upload: Upload = stage.store.upload(id).await.expect("memory answers").expect("it is there");
    let payload = stage.payloads.put(lockgate_core::id::PayloadId::from_uuid(uuid::Uuid::new_v4()), "x", "abcde");
    stage.store.sealed(id, upload.version, &payload).await.expect("nobody else is at it");
    assert_eq!(stage.get(announced.transfer.id).state, TransferState::Announced);
    assert!(intake.find(&acme(&stage), id).await.expect("it is there").complete);
    assert_eq!(stage.get(announced.transfer.id).state, TransferState::Received);
}

#[tokio::test]
async fn a_repeat_finishes_a_commit_that_a_dead_host_began_and_so_does_an_append() {
    for repeats in [true, false] {
        let stage = Stage::new().await;
        let intake = intake(&stage);
        let named = NewTransfer { idempotency_key: Some("k".to_owned()), ..new(Some(5)) };
        let announced = intake.announce(&acme(&stage), named.clone()).await.expect("it is agreed");
        let id = announced.upload.id;
        let payload = stage.payloads.put(lockgate_core::id::PayloadId::from_uuid(uuid::Uuid::new_v4()), "x", "abcde");
        stage.store.sealed(id, announced.upload.version, &payload).await.expect("nobody else is at it");
        stage.clock.advance(Duration::from_secs(2 * 24 * 60 * 60));
        assert!(stage.store.expired(10).await.expect("memory answers").is_empty(), "all bytes came");
        if repeats {
            assert!(intake.announce(&acme(&stage), named).await.expect("the same").upload.complete);
        } else {
            let told = intake.append(&acme(&stage), append(id, 5, &[])).await;
            assert!(matches!(told, Err(IntakeError::Complete(_))), "{told:?}");
        }
        assert_eq!(stage.get(announced.transfer.id).state, TransferState::Received);
    }
}

#[tokio::test]
async fn of_two_writers_at_one_offset_one_is_told_that_it_was_late() {
    let stage = Stage::new().await;
    let intake = Arc::new(intake(&stage));
    let id = intake.announce(&acme(&stage), new(Some(100))).await.expect("it is agreed").upload.id;
    let (store, viewer) = (stage.store.clone(), acme(&stage));
    // The first writer's bytes are still on their way when the second one is done.
    let slow: BodyStream = Box::pin(stream::once(async move {
        let upload = store.upload(id).await.expect("memory answers").expect("it is there");
        let advance = lockgate_core::ports::Advance {
            upload: id,
            version: upload.version,
            offset: 2,
            length: None,
            progress: upload.progress,
        };
        store.advance(&advance).await.expect("it is first");
        Ok(Bytes::from_static(b"ab"))
    }));
    let late = Append { body: slow, ..append(id, 0, &[]) };
    assert_eq!(code(intake.append(&viewer, late).await), "UPLOAD_BUSY");
}

#[tokio::test]
async fn of_two_that_send_different_bytes_for_one_offset_one_is_kept_and_the_upload_can_be_finished() {
    let stage = Stage::new().await;
    let intake = Arc::new(intake(&stage));
    let announced = intake.announce(&acme(&stage), new(Some(12))).await.expect("it is agreed");
    let (id, viewer) = (announced.upload.id, acme(&stage));
    let other = Arc::clone(&intake);
    let theirs = viewer.clone();
    // The first one has sent parts when the second one comes, sends others and loses its connection.
    let slow = stream::iter([Ok(Bytes::from_static(b"abcd"))]).chain(stream::once(async move {
        let broken = Append { body: body(&["WX", "YZ", "12"], true), ..append(id, 4, &[]) };
        assert_eq!(code(other.append(&theirs, broken).await), "UPLOAD_INTERRUPTED");
        Ok(Bytes::from_static(b"efgh"))
    }));
    let first = Append { body: Box::pin(slow), ..append(id, 0, &[]) };
    assert_eq!(code(intake.append(&viewer, first).await), "UPLOAD_BUSY");
    assert_eq!(intake.find(&viewer, id).await.expect("it is there").offset, 10, "the second's bytes are safe");
    let upload = intake.append(&viewer, append(id, 10, &["34"])).await.expect("the offset is right");
    assert!(upload.complete);
    assert_eq!(stage.text(stage.get(announced.transfer.id).source.as_ref()), "abcdWXYZ1234");
}

#[tokio::test]
async fn an_object_that_came_too_late_is_given_to_the_sweeper_once_more() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(Some(3))).await.expect("it is agreed").upload.id;
    let store = stage.store.clone();
    let slow = stream::iter([Ok(Bytes::from_static(b"ab"))]).chain(stream::once(async move {
        store.terminate(id).await.expect("another host ends it");
        Ok(Bytes::from_static(b"c"))
    }));
    let late = Append { body: Box::pin(slow), ..append(id, 0, &[]) };
    assert_eq!(code(intake.append(&acme(&stage), late).await), "UPLOAD_NOT_FOUND");
    assert_eq!(stage.store.landed().len(), 1);
}

#[tokio::test]
async fn an_upload_that_stood_still_too_long_is_given_up() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(Some(5))).await.expect("it is agreed").upload.id;
    stage.clock.advance(Duration::from_secs(25 * 3600));
    assert_eq!(code(intake.append(&acme(&stage), append(id, 0, &["abcde"])).await), "UPLOAD_EXPIRED");
    assert_eq!(code(intake.find(&acme(&stage), id).await), "UPLOAD_EXPIRED");
}

#[tokio::test]
async fn somebody_elses_upload_answers_like_none() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let id = intake.announce(&acme(&stage), new(Some(5))).await.expect("it is agreed").upload.id;
    let globex = Viewer { subject: "gert".to_owned(), role: Role::Partner(stage.globex) };
    let none = UploadId::from_uuid(uuid::Uuid::new_v4());
    for id in [id, none] {
        assert_eq!(code(intake.find(&globex, id).await), "UPLOAD_NOT_FOUND");
        assert_eq!(code(intake.append(&globex, append(id, 0, &["x"])).await), "UPLOAD_NOT_FOUND");
        assert_eq!(code(intake.terminate(&globex, id, &TraceContext::default()).await), "UPLOAD_NOT_FOUND");
    }
    let integrator = Viewer { subject: "ivy".to_owned(), role: Role::Integrator(stage.acme) };
    assert_eq!(code(intake.append(&integrator, append(id, 0, &["x"])).await), "FORBIDDEN");
    intake.terminate(&acme(&stage), id, &TraceContext::default()).await.expect("it is ours");
    assert_eq!(code(intake.find(&acme(&stage), id).await), "UPLOAD_NOT_FOUND");
}
