//! Stories of the receiver's side: judgement, delivery, order, dead letters.

use std::time::Duration;

use lockgate_core::claim::Aggregate;
use lockgate_core::consignment::ConsignmentState;
use lockgate_core::delivery::{Answer, Cause, DeliveryState, Wait};
use lockgate_core::desk::Desk;
use lockgate_core::destination::DestinationStatus;
use lockgate_core::finding::Severity;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{Conclusion, TransferStore};
use lockgate_core::provenance::EntryKind;
use lockgate_core::redrive::{Judging, RedriveFilter, RedriveKind};
use lockgate_core::redriver::{NewRedrive, Redriver};
use lockgate_core::time::Clock;
use lockgate_core::trace::TraceContext;
use lockgate_core::transfer::TransferState;
use lockgate_core::viewer::{Role, Viewer};

use crate::stage::{Stage, binding, complain, csv, replace};

const FILE: &str = "id,name\n1,ann\n2,bob\n";

fn failed() -> Answer {
    Answer::failed(Cause::ServerError, "500 Internal Server Error")
}

fn user(partner: lockgate_core::id::PartnerId) -> Viewer {
    Viewer { subject: "user".to_owned(), role: Role::Partner(partner) }
}

#[tokio::test]
async fn two_receivers_may_see_two_maskings() {
    let stage = Stage::new().await;
    stage.runner.masks("hide", |batch| Ok(replace(batch, "ann", "***")));
    let hide = binding(Hook::Mask, "hide", csv(), FailureMode::Reject);
    stage.policy(Owner::Partner(stage.initech), Side::Outbound, vec![hide]);
    let id = stage.receive(&[stage.globex, stage.initech], "people.csv", FILE).await;
    stage.run().await;
    let consignments = stage.consignments();
    let of = |partner| consignments.iter().find(|it| it.receiver == partner).expect("it is a receiver");
    assert_eq!(stage.text(of(stage.globex).released.as_ref()), FILE);
    assert_eq!(stage.text(of(stage.initech).released.as_ref()), FILE.replace("ann", "***"));
    // A side without maskers makes no new object.
    assert_eq!(of(stage.globex).released, stage.get(id).released);
    assert_eq!(stage.get(id).state, TransferState::Finished);
}

#[tokio::test]
async fn a_delivery_is_retried_by_schedule_and_then_arrives() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", false).await;
    stage.connector.will_answer(failed());
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let delivery = stage.deliveries().remove(0);
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Scheduled, 1));
    let pause = Duration::try_from(delivery.due_at - stage.clock.now()).expect("it lies ahead");
    assert!((Duration::from_millis(4_500)..=Duration::from_millis(5_500)).contains(&pause), "{pause:?}");
    stage.clock.advance(pause - Duration::from_millis(1));
    assert!(stage.run_due().await.is_empty());
    stage.clock.advance(Duration::from_secs(1));
    stage.run_due().await;
    assert_eq!(stage.deliveries()[0].state, DeliveryState::Delivered);
    assert_eq!(stage.consignments()[0].state, ConsignmentState::Delivered);
    assert_eq!(stage.get(id).state, TransferState::Finished);
    let seen = stage.connector.seen();
    assert_eq!(seen.iter().map(|it| it.delivery.id).collect::<Vec<_>>(), [delivery.id, delivery.id]);
    assert_eq!((seen[0].sender.as_str(), seen[0].file_name.as_str()), ("acme", "people.csv"));
    let numbers: Vec<_> = stage.store.attempts().iter().map(|(_, it)| it.number).collect();
    assert_eq!(numbers, [1, 2]);
}

#[tokio::test]
async fn an_exhausted_delivery_is_dead_lettered_and_redriven_under_the_same_id() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", false).await;
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    (0..8).for_each(|_| stage.connector.will_answer(failed()));
    stage.run().await;
    for _ in 0..7 {
        stage.clock.advance(Duration::from_secs(12 * 3600));
        stage.run_due().await;
    }
    let delivery = stage.deliveries().remove(0);
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::DeadLettered, 8));
    assert_eq!(stage.get(id).state, TransferState::Finished);
    let desk = Desk::new(stage.store.clone(), stage.clock.clone());
    let trace = TraceContext::default();
    let foreign = desk.redrive(&user(stage.acme), delivery.id, "please", &trace).await;
    assert_eq!(foreign.map_err(|error| error.code().name()).err(), Some("DELIVERY_NOT_FOUND"));
    desk.redrive(&user(stage.globex), delivery.id, "fixed the firewall", &trace).await.expect("it is ours");
    assert_eq!(stage.get(id).state, TransferState::Accepted);
    stage.run().await;
    let waiting = stage.deliveries().remove(0);
    assert_eq!((waiting.waits, waiting.attempts), (Some(Wait::Breaker), 0), "eight failures opened the breaker");
    stage.clock.advance(Duration::from_secs(1_000));
    stage.run_due().await;
    assert_eq!(stage.deliveries()[0].state, DeliveryState::Delivered);
    assert_eq!(stage.get(id).state, TransferState::Finished);
    assert!(stage.connector.seen().iter().all(|it| it.delivery.id == delivery.id));
}

#[tokio::test]
async fn deliveries_behind_an_open_breaker_wait_without_using_up_attempts_until_a_probe_arrives() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", false).await;
    (0..5).for_each(|_| stage.connector.will_answer(failed()));
    for number in 0..8 {
        stage.receive(&[stage.globex], &format!("{number}.csv"), FILE).await;
    }
    stage.run().await;
    assert_eq!(stage.connector.seen().len(), 5, "the fifth failure opened it");
    let waiting: Vec<_> = stage.deliveries().into_iter().filter(|it| it.waits == Some(Wait::Breaker)).collect();
    assert_eq!((waiting.len(), waiting.iter().map(|it| it.attempts).sum::<u32>()), (3, 0));
    for _ in 0..10 {
        stage.clock.advance(Duration::from_secs(40));
        stage.run_due().await;
    }
    assert!(stage.deliveries().iter().all(|it| it.state == DeliveryState::Delivered), "{:?}", stage.deliveries());
    assert_eq!(stage.connector.seen().len(), 13, "each arrived once after it failed or waited");
}

/// A dead letter of Globex, whose policy hides `ann` since it died.
async fn dead_before_the_policy_changed(stage: &Stage, hook: Hook) -> lockgate_core::delivery::Delivery {
    stage.destination(stage.globex, "erp", false).await;
    stage.connector.will_answer(Answer::refused(Cause::Refused, "422"));
    stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    stage.runner.masks("hide", |batch| Ok(replace(batch, "ann", "***")));
    let nothing = || Ok(Conclusion::default());
    stage.runner.validates("check", |batch| Ok(complain(batch, "bob", Severity::Refuse)), nothing);
    let name = if hook == Hook::Mask { "hide" } else { "check" };
    stage.policy(Owner::Partner(stage.globex), Side::Outbound, vec![binding(hook, name, csv(), FailureMode::Reject)]);
    let redriver = Redriver::new(stage.store.clone(), stage.clock.clone());
    let new = NewRedrive {
        kind: RedriveKind::DeadLetters,
        filter: RedriveFilter::default(),
        judging: Judging::Again,
        per_second: None,
        reason: "the policy was repaired".to_owned(),
    };
    stage.clock.advance(Duration::from_secs(1));
    redriver.start(&user(stage.globex), new).await.expect("it is ours");
    while redriver.work(stage.host, &*stage.store).await.expect("memory answers") {}
    let redriven = stage.deliveries().remove(0);
    assert!(redriven.judges && redriven.state == DeliveryState::Scheduled);
    stage.run().await;
    stage.deliveries().remove(0)
}

#[tokio::test]
async fn other_bytes_after_judging_anew_leave_under_another_key_and_provenance_says_why() {
    let stage = Stage::new().await;
    let delivery = dead_before_the_policy_changed(&stage, Hook::Mask).await;
    assert_eq!((delivery.state, delivery.generation), (DeliveryState::Delivered, 2));
    let seen = stage.connector.seen();
    assert_eq!(seen[0].delivery.key(), delivery.id.to_string());
    assert_eq!(seen[1].delivery.key(), format!("{}-2", delivery.id));
    assert_eq!(stage.text(Some(&seen[1].payload)), FILE.replace("ann", "***"));
    let chain = stage.store.provenance(delivery.transfer);
    let rekeyed = chain.iter().find(|it| it.entry.kind == EntryKind::Rekeyed).expect("it says why");
    assert_eq!(rekeyed.entry.details["key"], format!("{}-2", delivery.id));
    assert_eq!(stage.store.objects().0.last(), Some(&seen[1].payload.id), "the new object is kept");
    assert_eq!(stage.store.decisions().last().map(|it| it.side), Some(Side::Outbound));
}

#[tokio::test]
async fn what_the_current_policy_refuses_is_a_dead_letter_again() {
    let stage = Stage::new().await;
    let delivery = dead_before_the_policy_changed(&stage, Hook::Validate).await;
    assert_eq!((delivery.state, delivery.cause), (DeliveryState::DeadLettered, Some(Cause::Policy)));
    assert_eq!(stage.connector.seen().len(), 1, "nothing left");
    assert_eq!(stage.store.decisions().last().map(|it| it.findings.items.len()), Some(1), "its findings are kept");
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_disabled_and_later_deliveries_say_so() {
    let stage = Stage::new().await;
    let erp = stage.destination(stage.globex, "erp", false).await;
    stage.connector.will_answer(Answer::Refused {
        cause: Cause::Gone,
        error: "410 Gone".to_owned(),
        disable: true,
        response: None,
    });
    stage.receive(&[stage.globex], "one.csv", FILE).await;
    stage.run().await;
    let destination = stage.store.destination(erp).await.expect("memory answers").expect("it is there");
    assert_eq!(destination.status, DestinationStatus::Disabled);
    assert_eq!(stage.deliveries()[0].state, DeliveryState::DeadLettered);
    let entries = stage.store.provenance(stage.deliveries()[0].transfer);
    let off = entries.iter().find(|it| it.entry.kind == EntryKind::DestinationDisabled).expect("it is on record");
    assert_eq!((&off.entry.details["destination"], &off.entry.details["reason"]), (&"erp".into(), &"410 Gone".into()));
    stage.receive(&[stage.globex], "two.csv", FILE).await;
    stage.run().await;
    let causes: Vec<_> = stage.deliveries().iter().map(|it| (it.state, it.cause)).collect();
    assert!(causes.contains(&(DeliveryState::DeadLettered, Some(Cause::Disabled))), "it can be redriven: {causes:?}");
}

#[tokio::test]
async fn an_ordered_destination_waits_for_its_lowest_unfinished_position() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", true).await;
    stage.connector.will_answer(failed());
    stage.receive(&[stage.globex], "one.csv", FILE).await;
    stage.run().await;
    stage.receive(&[stage.globex], "two.csv", FILE).await;
    stage.run().await;
    let names = |stage: &Stage| stage.connector.seen().iter().map(|it| it.file_name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&stage), ["one.csv"]);
    for _ in 0..3 {
        stage.clock.advance(Duration::from_secs(6));
        stage.run_due().await;
    }
    assert_eq!(names(&stage), ["one.csv", "one.csv", "two.csv"]);
    // Waiting is no attempt.
    assert_eq!(stage.store.attempts().len(), 3);
}

#[tokio::test]
async fn a_held_consignment_is_the_receivers_to_decide() {
    let stage = Stage::new().await;
    stage.destination(stage.globex, "erp", false).await;
    let nothing = || Ok(Conclusion::default());
    stage.runner.validates("check", |batch| Ok(complain(batch, "bob", Severity::Hold)), nothing);
    stage.runner.masks("hide", |batch| Ok(replace(batch, "ann", "***")));
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    let hide = binding(Hook::Mask, "hide", csv(), FailureMode::Reject);
    stage.policy(Owner::Partner(stage.globex), Side::Outbound, vec![check, hide]);
    stage.receive(&[stage.globex], "one.csv", FILE).await;
    stage.receive(&[stage.globex], "two.csv", FILE).await;
    stage.run().await;
    let held = stage.consignments();
    assert!(held.iter().all(|it| it.state == ConsignmentState::Held));
    let desk = Desk::new(stage.store.clone(), stage.clock.clone());
    let trace = TraceContext::default();
    let code = |result: Result<_, lockgate_core::desk::DeskError>| result.map_err(|error| error.code().name()).err();
    let (first, second) = (held[0].id, held[1].id);
    assert_eq!(code(desk.release_consignment(&user(stage.acme), first, "ok", &trace).await), Some("FORBIDDEN"));
    assert_eq!(
        code(desk.release_consignment(&user(stage.initech), first, "ok", &trace).await),
        Some("CONSIGNMENT_NOT_FOUND")
    );
    assert_eq!(code(desk.release_consignment(&user(stage.globex), first, " ", &trace).await), Some("REASON_REQUIRED"));
    desk.release_consignment(&user(stage.globex), first, "known customer", &trace).await.expect("it is ours");
    desk.refuse_consignment(&user(stage.globex), second, "not wanted", &trace).await.expect("it is ours");
    assert_eq!(code(desk.release_consignment(&user(stage.globex), second, "ok", &trace).await), Some("ILLEGAL_MOVE"));
    stage.run().await;
    let delivered = stage.connector.seen();
    assert_eq!(delivered.len(), 1);
    assert_eq!(stage.text(Some(&delivered[0].payload)), FILE.replace("ann", "***"));
    // The refused one's own object is nobody's any more; the transfer's object is still needed.
    let object = held[1].candidate.as_ref().map(|it| it.id).expect("it was masked");
    assert_eq!(stage.store.objects().1, [object]);
}

#[tokio::test]
async fn holds_of_the_house_are_decided_by_operators_and_expire() {
    let stage = Stage::new().await;
    let nothing = || Ok(Conclusion::default());
    stage.runner.validates("check", |batch| Ok(complain(batch, "bob", Severity::Hold)), nothing);
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![check]);
    let released = stage.receive(&[stage.globex], "one.csv", FILE).await;
    let forgotten = stage.receive(&[stage.globex], "two.csv", FILE).await;
    stage.run().await;
    let desk = Desk::new(stage.store.clone(), stage.clock.clone());
    let trace = TraceContext::default();
    let own = desk.release_transfer(&user(stage.acme), released, "ok", &trace).await;
    assert_eq!(own.map_err(|error| error.code().name()).err(), Some("FORBIDDEN"));
    let operator = Viewer { subject: "op".to_owned(), role: Role::Operator };
    desk.release_transfer(&operator, released, "checked by hand", &trace).await.expect("operators may");
    stage.run().await;
    assert_eq!(stage.get(released).state, TransferState::Finished);
    stage.clock.advance(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(desk.expire(stage.host, 10).await.expect("memory answers"), 1);
    assert_eq!(stage.get(forgotten).state, TransferState::Rejected);
}

#[tokio::test]
async fn senders_take_back_their_own_transfers_only() {
    let stage = Stage::new().await;
    let transfer = stage.transfer(&[stage.globex], "people.csv");
    stage.store.put(Aggregate::Transfer(transfer.clone()));
    let desk = Desk::new(stage.store.clone(), stage.clock.clone());
    let trace = TraceContext::default();
    let foreign = desk.cancel(&user(stage.globex), transfer.id, "no", &trace).await;
    assert_eq!(foreign.map_err(|error| error.code().name()).err(), Some("TRANSFER_NOT_FOUND"));
    let long = desk.cancel(&user(stage.acme), transfer.id, &"x".repeat(501), &trace).await;
    assert_eq!(long.map_err(|error| error.code().name()).err(), Some("REASON_TOO_LONG"));
    desk.cancel(&user(stage.acme), transfer.id, "wrong file", &trace).await.expect("it is ours");
    assert_eq!(stage.get(transfer.id).state, TransferState::Cancelled);
}
