//! Misbehaves as a validator; the findings serve the masker as well.

use lockgate_sdk::bindings::{
    types::{Attribute, Batch, Finding, Findings, Place, Severity, Subject},
    validate::exports::lockgate::policy::validate::{Conclusion, Guest},
};

use crate::{Crime, Hostile, commit, commit_at, memory, remember, settings, spin};

use std::cell::Cell;

thread_local! {
    static BEFORE: Cell<Vec<String>> = const { Cell::new(Vec::new()) };
}

impl Guest for Hostile {
    fn begin(subject: Subject) {
        begin(subject);
    }

    fn check(batch: Batch) -> Findings {
        commit();
        commit_at(batch.first, batch.records.ends.len());
        findings()
    }

    fn finish() -> Conclusion {
        finish();
        Conclusion { findings: none(), facts: facts() }
    }
}

pub(crate) fn begin(subject: Subject) {
    BEFORE.set(remember(subject.transfer));
}

/// Crimes that wait for the end.
pub(crate) fn finish() {
    match settings().crime {
        Crime::TrapInFinish => panic!("finish traps, as told"),
        Crime::LoopInFinish => spin(),
        _ => (),
    }
}

/// What a validator or a masker says about a batch.
pub(crate) fn findings() -> Findings {
    let settings = settings();
    let one = |finding| Findings { items: vec![finding], dropped: 0 };
    match settings.crime {
        Crime::FindingsFlood => {
            let items = (0..settings.amount(1_000_000)).map(|_| finding("flood", Severity::Note, "one of many".into()));
            Findings { items: items.collect(), dropped: u64::MAX }
        }
        Crime::HugeMessage => one(finding("huge", Severity::Note, "x".repeat(settings.amount(16 << 20)))),
        Crime::BadUtf8 => one(finding("bad-utf8", Severity::Note, memory::bad_utf8())),
        Crime::BadPlace => one(Finding {
            place: Some(Place { position: u64::MAX, start: u32::MAX, end: 0, pointer: "/nowhere".to_owned() }),
            ..finding("bad-place", Severity::Note, "points nowhere".to_owned())
        }),
        Crime::ReadPaint => one(match memory::paint_seen(settings.amount(8 << 20)) {
            Some(address) => finding("paint-seen", Severity::Hold, format!("another's paint lies at {address:#x}")),
            None => finding("paint-not-seen", Severity::Note, "no paint of another instance is visible".to_owned()),
        }),
        Crime::Remember => {
            let items = BEFORE.take().into_iter().map(|transfer| finding("remembered", Severity::Note, transfer));
            Findings { items: items.collect(), dropped: 0 }
        }
        _ => none(),
    }
}

pub(crate) fn none() -> Findings {
    Findings { items: Vec::new(), dropped: 0 }
}

fn finding(rule: &str, severity: Severity, message: String) -> Finding {
    Finding { rule: rule.to_owned(), severity, message, place: None }
}

fn facts() -> Vec<Attribute> {
    let fact = |name: &str| Attribute { name: name.to_owned(), value: "x".to_owned() };
    match settings().crime {
        Crime::FactsFlood => (0..settings().amount(1_000_000)).map(|index| fact(&format!("fact-{index}"))).collect(),
        Crime::BadFacts => ["", " ", "a\nb", "sender", "same", "same", "../../etc"].map(fact).to_vec(),
        _ => Vec::new(),
    }
}
