//! Stories of intake: announcing, appending from any node, and everything that can be wrong with it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use lockgate_core::agreement::AgreementStatus;
use lockgate_core::id::UploadId;
use lockgate_core::intake::{
    Append, BodyError, BodyStream, Checksum, Intake, IntakeError, IntakePorts, IntakeSettings, NewTransfer,
};
use lockgate_core::partner::PartnerStatus;
use lockgate_core::ports::{Registry, TransferStore, UploadStore};
use lockgate_core::quota::Quota;
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

fn with_settings(stage: &Stage, settings: IntakeSettings) -> Intake {
    over(stage, settings, Arc::new(NoTracer))
}

fn traced(stage: &Stage, tracer: Arc<dyn Tracer>) -> Intake {
    let settings = IntakeSettings { max_size: 2_000_000, max_receivers: 3, ..IntakeSettings::default() };
    over(stage, settings, tracer)
}

fn over(stage: &Stage, settings: IntakeSettings, tracer: Arc<dyn Tracer>) -> Intake {
    let ports = IntakePorts {
        store: stage.store.clone(),
        uploads: stage.store.clone(),
        registry: stage.store.clone(),
        payloads: stage.payloads.clone(),
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
async fn the_same_key_and_input_give_the_same_transfer() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let keyed =
        |name: &str| NewTransfer { idempotency_key: Some("k1".to_owned()), file_name: name.to_owned(), ..new(Some(1)) };
    let first = intake.announce(&acme(&stage), keyed("a.xml")).await.expect("it is agreed");
    let again = intake.announce(&acme(&stage), keyed("a.xml")).await.expect("it is the same");
    assert_eq!((first.transfer.id, first.repeated), (again.transfer.id, false));
    assert!(again.repeated);
    let error = intake.announce(&acme(&stage), keyed("b.xml")).await.expect_err("it is another");
    assert!(matches!(error, IntakeError::IdempotencyConflict { transfer } if transfer == first.transfer.id));
}

#[tokio::test]
async fn what_ended_without_being_received_frees_its_key_and_what_was_received_keeps_it() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let keyed = || NewTransfer { idempotency_key: Some("k1".to_owned()), ..new(Some(5)) };
    let first = intake.announce(&acme(&stage), keyed()).await.expect("it is agreed");
    intake.terminate(&acme(&stage), first.upload.id, &TraceContext::default()).await.expect("it is ours");
    let anew = intake.announce(&acme(&stage), keyed()).await.expect("it is agreed");
    assert!(!anew.repeated && anew.transfer.id != first.transfer.id, "{anew:?}");
    assert_eq!(code(intake.append(&acme(&stage), append(anew.upload.id, 0, &["abcde"])).await), "OK");
    let again = intake.announce(&acme(&stage), keyed()).await.expect("it is the same");
    assert_eq!((again.transfer.id, again.repeated), (anew.transfer.id, true));
}

#[tokio::test]
async fn a_repeat_is_answered_as_it_was_then_though_it_would_be_refused_by_now() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let keyed = |size| NewTransfer { idempotency_key: Some("k1".to_owned()), ..new(Some(size)) };
    let first = intake.announce(&acme(&stage), keyed(1)).await.expect("it is agreed");
    let agreement = stage.store.agreement(stage.acme, stage.globex).await.expect("memory answers").expect("it exists");
    stage.store.end_agreement(agreement.id).await.expect("it exists");
    let again = intake.announce(&acme(&stage), keyed(1)).await.expect("it was agreed then");
    assert_eq!((first.transfer.id, first.upload.id, true), (again.transfer.id, again.upload.id, again.repeated));
    assert_eq!(code(intake.announce(&acme(&stage), keyed(2)).await), "NO_AGREEMENT", "another input is a new request");
    let mut partner = stage.store.partner(stage.acme).await.expect("memory answers").expect("it exists");
    partner.status = PartnerStatus::Suspended;
    stage.store.update_partner(&partner).await.expect("it exists");
    assert!(intake.announce(&acme(&stage), keyed(1)).await.expect("it was agreed then").repeated);
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

#[rstest]
#[case(NewTransfer { receivers: vec![], ..new(None) }, "NO_RECEIVERS")]
#[case(NewTransfer { receivers: vec!["umbrella".to_owned()], ..new(None) }, "NO_AGREEMENT")]
#[case(NewTransfer { receivers: vec!["acme".to_owned()], ..new(None) }, "NO_AGREEMENT")]
#[case(NewTransfer { receivers: vec!["globex".to_owned(); 4], ..new(None) }, "TOO_MANY_RECEIVERS")]
#[case(NewTransfer { file_name: "../x".to_owned(), ..new(None) }, "INVALID_FILE_NAME")]
#[case(NewTransfer { media_type: "nonsense".to_owned(), ..new(None) }, "INVALID_MEDIA_TYPE")]
#[case(NewTransfer { idempotency_key: Some(String::new()), ..new(None) }, "INVALID_IDEMPOTENCY_KEY")]
#[case(new(Some(1_000_001)), "PAYLOAD_TOO_LARGE")]
#[tokio::test]
async fn what_cannot_be_announced_says_why(#[case] announced: NewTransfer, #[case] wanted: &str) {
    let stage = Stage::new().await;
    assert_eq!(code(intake(&stage).announce(&acme(&stage), announced).await), wanted);
}

#[tokio::test]
async fn suspended_senders_ended_agreements_and_other_roles_do_not_send() {
    let stage = Stage::new().await;
    let intake = intake(&stage);
    let operator = Viewer { subject: "op".to_owned(), role: Role::Operator };
    assert_eq!(code(intake.announce(&operator, new(None)).await), "FORBIDDEN");
    let agreement = stage.store.agreement(stage.acme, stage.globex).await.expect("memory answers").expect("it exists");
    let ended = stage.store.end_agreement(agreement.id).await.expect("it exists");
    assert_eq!(ended.status, AgreementStatus::Ended);
    assert_eq!(code(intake.announce(&acme(&stage), new(None)).await), "NO_AGREEMENT");
    let mut partner = stage.store.partner(stage.acme).await.expect("memory answers").expect("it exists");
    partner.status = PartnerStatus::Suspended;
    stage.store.update_partner(&partner).await.expect("it exists");
    assert_eq!(code(intake.announce(&acme(&stage), new(None)).await), "PARTNER_SUSPENDED");
}

#[tokio::test]
async fn a_partners_own_terms_go_before_the_installations_and_what_is_stored_is_bounded() {
    let stage = Stage::new().await;
    let quota = Quota { transfers_per_day: Some(1), ..Quota::default() };
    let intake = with_settings(&stage, IntakeSettings { quota, ..IntakeSettings::default() });
    let own = Quota { transfers_per_day: Some(10), stored_bytes: Some(100), ..Quota::default() };
    stage.store.set_quota(stage.acme, &own).await.expect("memory takes it");
    intake.announce(&acme(&stage), new(Some(60))).await.expect("within its quotas");
    let refused = intake.announce(&acme(&stage), new(Some(41))).await.expect_err("too many bytes");
    assert_eq!(refused.code().name(), "QUOTA_EXCEEDED");
    let why = "`storedBytes`: of 100 are 60 in use and it takes 41; wait until transfers that are kept are removed";
    assert!(refused.to_string().contains(why), "{refused}");
    intake.announce(&acme(&stage), new(Some(40))).await.expect("as much as there is room for");
}

#[tokio::test]
async fn a_partner_hands_in_no_more_than_its_quota_and_repeats_cost_nothing() {
    let stage = Stage::new().await;
    let quota = Quota { transfers_per_day: Some(2), bytes_per_day: Some(100), stored_bytes: None };
    let intake = with_settings(&stage, IntakeSettings { quota, ..IntakeSettings::default() });
    let keyed = |key: &str, size| NewTransfer { idempotency_key: Some(key.to_owned()), ..new(size) };
    intake.announce(&acme(&stage), keyed("a", Some(60))).await.expect("within the quota");
    let refused = intake.announce(&acme(&stage), keyed("b", Some(41))).await.expect_err("too many bytes");
    assert_eq!(refused.code().name(), "QUOTA_EXCEEDED");
    let why = "`bytesPerDay`: of 100 are 60 in use and it takes 41; wait 86400 s for the next day";
    assert!(refused.to_string().contains(why), "{refused}");
    intake.announce(&acme(&stage), keyed("b", Some(40))).await.expect("what was refused was not counted");
    let refused = intake.announce(&acme(&stage), keyed("c", None)).await.expect_err("too many transfers");
    assert!(refused.to_string().contains("`transfersPerDay`: of 2 are 2 in use and it takes 1"), "{refused}");
    let again = intake.announce(&acme(&stage), keyed("b", Some(40))).await.expect("a repeat is no new transfer");
    assert!(again.repeated);
}
