//! Stories of the sender's side: what a received transfer becomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lockgate_core::consignment::ConsignmentState;
use lockgate_core::fault::Fault;
use lockgate_core::finding::Severity;
use lockgate_core::framing::Framing;
use lockgate_core::hold::{HoldCause, OnRelease};
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::pipeline::WorkEnd;
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{Conclusion, Masked, PluginError, RawFindings};
use lockgate_core::provenance::{EntryKind, verify};
use lockgate_core::route::Target;
use lockgate_core::time::Clock as _;
use lockgate_core::transfer::TransferState;

use crate::stage::{Stage, binding, complain, csv, replace};

const FILE: &str = "\u{feff}id,name\r\n1,ann@x.de\r\n2,\"bob,\r\nthe builder\"\r\n3,eve\r\n";

fn nothing() -> Result<Conclusion, PluginError> {
    Ok(Conclusion::default())
}

fn pointed_at(place: &lockgate_core::finding::Place) -> &'static [u8] {
    let at = |offset: u64| usize::try_from(offset).expect("the file is small");
    &FILE.as_bytes()[at(place.start)..at(place.end)]
}

fn trap() -> PluginError {
    PluginError::Fault(Fault::Trap { message: "unreachable".to_owned() })
}

#[tokio::test]
async fn an_accepted_transfer_is_masked_routed_and_provable() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |_| Ok(RawFindings::default()), nothing);
    stage.runner.masks("hide", |batch| Ok(replace(batch, "bob", "***")));
    stage.runner.reads(&[("customers", 7)]);
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    let hide = binding(Hook::Mask, "hide", csv(), FailureMode::Reject);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![check, hide]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    assert!(stage.run().await.iter().all(|end| *end == WorkEnd::Done));
    let transfer = stage.get(id);
    assert_eq!(transfer.state, TransferState::Finished);
    assert_eq!(stage.text(transfer.released.as_ref()), FILE.replace("bob", "***"));
    assert_eq!(stage.consignments()[0].state, ConsignmentState::Available);
    assert_eq!(transfer.pins.len(), 1);
    let chain = stage.store.provenance(id);
    assert_eq!(verify(&chain), Ok(transfer.provenance_head));
    assert!(chain.iter().any(|it| it.entry.kind == EntryKind::Claimed && it.entry.details["origin"] == "kafka"));
    // The plugins were told what they may know, the header included.
    let subject = &stage.runner.subjects()[0];
    assert_eq!(subject.preamble, "id,name");
    assert!(subject.attributes.contains(&("sender".to_owned(), "acme".to_owned())));
    let outcomes = &stage.store.decisions()[0].outcomes;
    assert_eq!(outcomes.iter().map(|it| (it.records, it.edits)).collect::<Vec<_>>(), [(3, 0), (3, 1)]);
    assert!(outcomes.iter().all(|it| it.tables == [("customers".to_owned(), 7)]), "{outcomes:?}");
}

#[tokio::test]
async fn a_refusal_names_line_column_and_a_hidden_sample_and_nothing_leaves() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |batch| Ok(complain(batch, "builder", Severity::Refuse)), nothing);
    stage.runner.validates("mail", |batch| Ok(complain(batch, "ann@x.de", Severity::Note)), nothing);
    stage.runner.masks("hide", |batch| Ok(replace(batch, "ann", "a")));
    let bindings = vec![
        binding(Hook::Validate, "check", csv(), FailureMode::Reject),
        binding(Hook::Validate, "mail", csv(), FailureMode::Reject),
        binding(Hook::Mask, "hide", csv(), FailureMode::Reject),
    ];
    stage.policy(Owner::House, Side::Inbound, bindings);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let transfer = stage.get(id);
    assert_eq!((transfer.state, transfer.released), (TransferState::Rejected, None));
    assert!(stage.consignments().is_empty());
    assert_eq!(stage.payloads.abandoned(), 1);
    let findings = &stage.store.decisions()[0].findings.items;
    let refusal = findings.iter().find(|it| it.rule == "check/bad-word").expect("it was found");
    let place = refusal.place.as_ref().expect("it has a place");
    assert_eq!((place.record, place.line, place.column), (1, 4, 5));
    assert_eq!(pointed_at(place), b"builder");
    let mail = findings.iter().find(|it| it.rule == "mail/bad-word").expect("it was found");
    assert_eq!(mail.sample.as_deref(), Some("***@*.**"));
    assert_eq!(mail.message, "`***@*.**` is not allowed");
}

#[tokio::test]
async fn maskers_chain_and_places_lead_back_to_the_source() {
    let stage = Stage::new().await;
    stage.runner.masks("first", |batch| Ok(replace(batch, "ann@x.de", "A")));
    stage.runner.masks("second", |batch| {
        let findings = complain(batch, "eve", Severity::Note);
        Ok(Masked { findings, ..replace(batch, "A", "<A>") })
    });
    let first = binding(Hook::Mask, "first", csv(), FailureMode::Reject);
    let second = binding(Hook::Mask, "second", Framing::Lines { max_record: 100 }, FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![first]);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![second]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let transfer = stage.get(id);
    assert_eq!(stage.text(transfer.released.as_ref()), FILE.replace("ann@x.de", "<A>"));
    let decision = &stage.store.decisions()[0];
    let place = decision.findings.items[0].place.clone().expect("it has a place");
    assert_eq!(pointed_at(&place), b"eve");
    assert_eq!((place.line, place.column), (5, 3));
    assert_eq!(decision.pins.iter().map(|pin| pin.owner).collect::<Vec<_>>()[0], Owner::House);
}

#[tokio::test]
async fn a_smuggled_newline_is_a_fault_and_no_half_masked_byte_is_promoted() {
    let stage = Stage::new().await;
    stage.runner.masks("smuggle", |batch| Ok(replace(batch, "eve", "eve\r\n4,mallory")));
    let smuggle = binding(Hook::Mask, "smuggle", csv(), FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![smuggle]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    assert_eq!(stage.get(id).state, TransferState::Rejected);
    let fault = stage.store.decisions()[0].outcomes[0].fault.clone();
    assert!(matches!(&fault, Some(Fault::Contract { message }) if message.contains("record 2")), "{fault:?}");
    // Only the pipeline could see it; the runner hears of it, so that it counts towards quarantine.
    assert_eq!(stage.runner.reported(), [("smuggle".to_owned(), fault.expect("it was seen above"))]);
    assert_eq!(stage.payloads.abandoned(), 1);
}

#[tokio::test]
async fn a_kept_tail_is_masked_across_pieces() {
    let stage = Stage::new().await;
    stage.runner.masks("hide", |batch| {
        let keep = if batch.last { 0 } else { 5 };
        let masked = replace(batch, "secret", "******");
        let kept_from = batch.records.data.len() - keep;
        assert!(masked.edits.ends.iter().all(|end| *end as usize <= kept_from));
        Ok(Masked { keep: u32::try_from(keep).expect("small"), ..masked })
    });
    let hide = binding(Hook::Mask, "hide", Framing::Bytes, FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![hide]);
    // `secret` lies across the border of the first piece of 128 KiB.
    let text: &'static str = Box::leak(format!("{}secret{}", "x".repeat(131_069), "y".repeat(1_000)).into_boxed_str());
    let id = stage.receive(&[stage.globex], "blob", text).await;
    stage.run().await;
    assert_eq!(stage.text(stage.get(id).released.as_ref()), text.replace("secret", "******"));
}

#[tokio::test]
async fn a_held_transfer_keeps_the_very_bytes_that_were_judged() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |batch| Ok(complain(batch, "eve", Severity::Hold)), nothing);
    stage.runner.masks("hide", |batch| Ok(replace(batch, "ann", "a")));
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    let hide = binding(Hook::Mask, "hide", csv(), FailureMode::Reject);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![check, hide]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let transfer = stage.get(id);
    let hold = transfer.hold.clone().expect("it is held");
    assert_eq!(
        (hold.cause, hold.on_release, hold.by),
        (HoldCause::Finding, OnRelease::Promote, Owner::Partner(stage.acme))
    );
    assert_eq!(stage.text(transfer.candidate.as_ref()), FILE.replace("ann", "a"));
    assert_eq!(transfer.planned[0].receiver, stage.globex);
}

#[tokio::test]
async fn failure_modes_decide_what_a_fault_means() {
    for (mode, state) in [
        (FailureMode::Reject, TransferState::Rejected),
        (FailureMode::Hold, TransferState::Held),
        (FailureMode::Skip, TransferState::Finished),
    ] {
        let stage = Stage::new().await;
        stage.runner.validates("check", |_| Err(trap()), nothing);
        let check = binding(Hook::Validate, "check", csv(), mode);
        stage.policy(Owner::House, Side::Inbound, vec![check]);
        let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
        stage.run().await;
        let transfer = stage.get(id);
        assert_eq!(transfer.state, state, "{mode:?}");
        if let Some(hold) = transfer.hold {
            assert_eq!((hold.cause, hold.on_release, hold.by), (HoldCause::Fault, OnRelease::JudgeAgain, Owner::House));
        }
    }
}

#[tokio::test]
async fn quarantine_means_hold_whatever_the_failure_mode() {
    let stage = Stage::new().await;
    let last = Fault::Trap { message: "unreachable".to_owned() };
    let until = stage.clock.now() + Duration::from_secs(300);
    stage.runner.validates("check", move |_| Err(PluginError::Quarantined { last: last.clone(), until }), nothing);
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Skip);
    stage.policy(Owner::House, Side::Inbound, vec![check]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    assert_eq!(stage.get(id).hold.map(|hold| hold.cause), Some(HoldCause::Quarantine));
}

#[tokio::test]
async fn a_missed_deadline_is_tried_once_more() {
    for (misses, state) in [(1, TransferState::Finished), (2, TransferState::Rejected)] {
        let stage = Stage::new().await;
        let calls = Arc::new(AtomicU32::new(0));
        let seen = calls.clone();
        stage.runner.validates(
            "slow",
            move |_| match seen.fetch_add(1, Ordering::Relaxed) < misses {
                true => Err(PluginError::Fault(Fault::Deadline {
                    limit: Duration::from_secs(5),
                    after: Duration::from_secs(6),
                })),
                false => Ok(RawFindings::default()),
            },
            nothing,
        );
        let slow = binding(Hook::Validate, "slow", csv(), FailureMode::Reject);
        stage.policy(Owner::House, Side::Inbound, vec![slow]);
        let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
        stage.run().await;
        assert_eq!((stage.get(id).state, calls.load(Ordering::Relaxed)), (state, 2));
    }
}

#[tokio::test]
async fn trouble_of_the_host_never_reaches_the_failure_mode() {
    let stage = Stage::new().await;
    stage.runner.masks("busy", |_| Err(PluginError::Busy));
    let busy = binding(Hook::Mask, "busy", csv(), FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![busy]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    let ends = stage.run().await;
    assert!(matches!(ends.as_slice(), [WorkEnd::Retry { .. }]), "{ends:?}");
    assert_eq!((stage.get(id).state, stage.payloads.abandoned()), (TransferState::Received, 1));
    assert!(stage.store.decisions().is_empty());
}

#[tokio::test]
async fn an_unclosed_quote_is_a_finding_of_the_host() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |_| Ok(RawFindings::default()), nothing);
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![check]);
    let id = stage.receive(&[stage.globex], "people.csv", "id\n1\n\"2\n3\n").await;
    stage.run().await;
    assert_eq!(stage.get(id).state, TransferState::Rejected);
    let finding = stage.store.decisions()[0].findings.items[0].clone();
    assert_eq!(finding.rule, "framing/unclosed-quote");
    assert_eq!(finding.place.map(|place| (place.record, place.line, place.column)), Some((1, 3, 1)));
}

#[tokio::test]
async fn the_same_file_again_is_noted() {
    let stage = Stage::new().await;
    let first = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.clock.advance(Duration::from_secs(1));
    stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let decisions = stage.store.decisions();
    let findings: Vec<_> = decisions.iter().flat_map(|it| &it.findings.items).collect();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].rule, "intake/duplicate-file");
    assert!(findings[0].message.contains(&first.to_string()));
}

#[tokio::test]
async fn a_damaged_payload_waits_for_a_person() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |_| Ok(RawFindings::default()), nothing);
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![check]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    let source = stage.get(id).source.expect("it was received");
    stage.payloads.tamper(&source, Some("id\nforged\n".into()));
    stage.run().await;
    let transfer = stage.get(id);
    assert_eq!(transfer.state, TransferState::Held);
    assert_eq!(stage.store.decisions()[0].findings.items[0].rule, "payload/corrupt");
    assert_eq!((transfer.candidate, transfer.hold.map(|hold| hold.on_release)), (None, Some(OnRelease::JudgeAgain)));
}

#[tokio::test]
async fn routing_sees_facts_and_chooses_among_the_addressed() {
    let stage = Stage::new().await;
    let fact = |name: &str, value: &str| lockgate_core::fact::Fact { name: name.to_owned(), value: value.to_owned() };
    let facts = vec![fact("total", "812")];
    stage.runner.validates(
        "sum",
        |_| Ok(RawFindings::default()),
        move || Ok(Conclusion { facts: facts.clone(), ..Conclusion::default() }),
    );
    stage.runner.routes("route", |subject| {
        let told = |name: &str| subject.attributes.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone());
        assert_eq!(told("fact.total").as_deref(), Some("812"));
        assert_eq!(told("routing.receivers").as_deref(), Some("globex,initech"));
        Ok(vec![Target { receiver: "initech".to_owned(), destination: None }])
    });
    let sum = binding(Hook::Validate, "sum", csv(), FailureMode::Reject);
    let route = binding(Hook::Route, "route", csv(), FailureMode::Hold);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![sum, route]);
    let id = stage.receive(&[stage.globex, stage.initech], "people.csv", FILE).await;
    stage.run().await;
    assert_eq!(stage.get(id).facts.len(), 1);
    assert_eq!(stage.consignments().iter().map(|it| it.receiver).collect::<Vec<_>>(), [stage.initech]);
}

#[tokio::test]
async fn a_route_to_a_stranger_holds_and_says_so() {
    let stage = Stage::new().await;
    stage.runner.routes("route", |_| Ok(vec![Target { receiver: "umbrella".to_owned(), destination: None }]));
    let route = binding(Hook::Route, "route", csv(), FailureMode::Hold);
    stage.policy(Owner::Partner(stage.acme), Side::Inbound, vec![route]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    let hold = stage.get(id).hold.expect("it is held");
    assert_eq!(hold.cause, HoldCause::Unrouted);
    assert!(hold.explanation.contains("umbrella"), "{}", hold.explanation);
}

#[tokio::test]
async fn poison_work_is_held_before_it_kills_another_host() {
    let stage = Stage::new().await;
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    let mut transfer = stage.get(id);
    transfer.adoptions = 3;
    stage.store.put(lockgate_core::claim::Aggregate::Transfer(transfer));
    stage.run().await;
    let hold = stage.get(id).hold.expect("it is held");
    assert_eq!((hold.cause, hold.on_release, hold.by), (HoldCause::Poison, OnRelease::JudgeAgain, Owner::House));
}

#[tokio::test]
async fn reading_stops_after_a_hundred_refusals() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |batch| Ok(complain(batch, "x", Severity::Refuse)), nothing);
    let check = binding(Hook::Validate, "check", Framing::Lines { max_record: 10 }, FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![check]);
    let text: &'static str = Box::leak("x\n".repeat(100_000).into_boxed_str());
    stage.receive(&[stage.globex], "blob", text).await;
    stage.run().await;
    let records = stage.store.decisions()[0].outcomes[0].records;
    assert!((100..10_000).contains(&records), "{records}");
}

#[tokio::test]
async fn an_empty_payload_is_judged_and_masked_too() {
    let stage = Stage::new().await;
    stage.runner.validates("check", |_| Ok(RawFindings::default()), nothing);
    stage.runner.masks("hide", |batch| Ok(replace(batch, "bob", "***")));
    let check = binding(Hook::Validate, "check", csv(), FailureMode::Reject);
    let hide = binding(Hook::Mask, "hide", Framing::Whole, FailureMode::Reject);
    stage.policy(Owner::House, Side::Inbound, vec![check, hide]);
    let id = stage.receive(&[stage.globex], "empty.csv", "").await;
    stage.run().await;
    let transfer = stage.get(id);
    assert_eq!((transfer.state, stage.text(transfer.released.as_ref())), (TransferState::Finished, String::new()));
}

#[tokio::test]
async fn a_binding_for_other_media_types_does_not_run() {
    let stage = Stage::new().await;
    let mut check = binding(Hook::Validate, "there-is-no-script", csv(), FailureMode::Reject);
    check.media_types = vec!["image/*".to_owned()];
    stage.policy(Owner::House, Side::Inbound, vec![check]);
    let id = stage.receive(&[stage.globex], "people.csv", FILE).await;
    stage.run().await;
    assert_eq!(stage.get(id).state, TransferState::Finished);
    assert!(stage.store.decisions()[0].outcomes.is_empty());
}
