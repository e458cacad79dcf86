//! Whatever is wanted in whatever order: the state machines keep their promises.

mod consignments;
mod deliveries;
mod transfers;

use proptest::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::Stamp;
use crate::change::Change;
use crate::decision::Decision;
use crate::digest::Digest;
use crate::finding::{Finding, Findings, Severity, Verdict};
use crate::hold::{Hold, HoldCause, OnRelease};
use crate::id::{DecisionId, PartnerId, PayloadId, TransferId};
use crate::payload::{ObjectFormat, Payload};
use crate::policy::{Owner, Side};
use crate::route::PlannedRoute;
use crate::time::Timestamp;

pub(super) fn at() -> Timestamp {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000)
}

pub(super) fn stamp() -> Stamp {
    Stamp::of_person("alice", at(), None)
}

pub(super) fn payload() -> Payload {
    let id = PayloadId::from_uuid(Uuid::new_v4());
    let media_type = "text/csv".to_owned();
    Payload { id, key: id.to_string(), media_type, size: 1, digest: Digest::of(b"x"), format: ObjectFormat::Plain1 }
}

pub(super) fn hold(on_release: OnRelease) -> Hold {
    let (cause, by) = (HoldCause::Poison, Owner::House);
    Hold { cause, by, explanation: "look".to_owned(), on_release, expires_at: at(), object: None }
}

pub(super) fn decision(transfer: TransferId, side: Side, verdict: Verdict) -> Decision {
    let mut findings = Findings::default();
    let severity = match verdict {
        Verdict::Accept => Severity::Note,
        Verdict::Hold => Severity::Hold,
        Verdict::Reject => Severity::Refuse,
    };
    findings.add(Finding { rule: "a/b".to_owned(), severity, message: "m".to_owned(), place: None, sample: None });
    assert_eq!(findings.verdict(), verdict);
    Decision {
        id: DecisionId::from_uuid(Uuid::new_v4()),
        transfer,
        consignment: None,
        side,
        pins: vec![],
        verdict,
        findings,
        facts: vec![],
        routes: vec![PlannedRoute { receiver: PartnerId::from_uuid(Uuid::new_v4()), destinations: vec![] }],
        outcomes: vec![],
        decided_at: at(),
    }
}

pub(super) fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![Just(Verdict::Accept), Just(Verdict::Hold), Just(Verdict::Reject)]
}

/// What holds for every change of every aggregate.
pub(super) fn check(before: i64, change: &Change, has_work: bool) {
    assert_eq!(change.expected(), before);
    assert_eq!(change.next().version(), before + 1);
    let own = change.commands().iter().any(|command| command.work == change.work());
    assert!(!own || !change.goes_on(), "nobody is rung for {} while a host goes on with it", change.work());
    assert!(!change.goes_on() || has_work, "a host goes on with {} though nothing is left to do", change.work());
    assert!(!own || has_work, "rings for {} though nothing is left to do", change.work());
    for command in change.commands().iter().filter(|command| command.work == change.work()) {
        assert_eq!(command.version, before + 1);
    }
    assert!(change.promotes().iter().all(|id| !change.discards().contains(id)));
}
