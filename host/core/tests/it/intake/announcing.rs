//! Stories of announcing: what one key names, what is refused, and how much a partner may hand in.

use std::sync::Arc;

use lockgate_core::agreement::AgreementStatus;
use lockgate_core::id::PartnerId;
use lockgate_core::intake::{Intake, IntakeError, IntakeSettings, NewTransfer};
use lockgate_core::partner::PartnerStatus;
use lockgate_core::ports::{Registry, TransferStore};
use lockgate_core::quota::Quota;
use lockgate_core::time::Clock;
use lockgate_core::trace::{NoTracer, TraceContext};
use lockgate_core::viewer::{Role, Viewer};
use rstest::rstest;

use super::{acme, append, code, intake, new, over};
use crate::stage::Stage;

fn with_settings(stage: &Stage, settings: IntakeSettings) -> Intake {
    over(stage, settings, Arc::new(NoTracer))
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

/// A lookup would find that the installation does not know the sender.
#[rstest]
#[case(vec!["globex".to_owned(); 4], "TOO_MANY_RECEIVERS")]
#[case(vec!["globex".to_owned(), "g".repeat(41)], "NO_AGREEMENT")]
#[case(vec!["g".repeat(40)], "FORBIDDEN")]
#[tokio::test]
async fn nobody_is_looked_up_for_too_many_names_or_one_that_is_too_long(
    #[case] receivers: Vec<String>,
    #[case] wanted: &str,
) {
    let stage = Stage::new().await;
    let nobody = PartnerId::generate(stage.clock.now());
    let viewer = Viewer { subject: "alice".to_owned(), role: Role::Partner(nobody) };
    let announced = intake(&stage).announce(&viewer, NewTransfer { receivers, ..new(None) }).await;
    assert_eq!(code(announced), wanted);
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
