//! Findings are capped and point inside their record.

use super::{Finding, Findings};
use crate::Batch;

#[test]
fn past_a_thousand_findings_are_counted_and_not_even_made() {
    let mut findings = Findings::default();
    let mut made = 0;
    for _ in 0..1_203 {
        findings.push_with(|| {
            made += 1;
            Finding::note("many", "one of many")
        });
    }
    assert_eq!((made, findings.items().len(), findings.dropped()), (1_000, 1_000, 203));
    let raw = findings.into_raw();
    assert_eq!((raw.items.len(), raw.dropped), (1_000, 203));
}

#[test]
fn a_place_stays_within_its_record() {
    let batch = Batch::new(40, ["abc"], true);
    let record = batch.record(0).expect("is there");
    let finding = Finding::hold("far", "too far").at(&record, 2..900).pointer("/a");
    let place = finding.place().expect("has one");
    assert_eq!((place.position, place.range.clone(), place.pointer.as_str()), (40, 2..3, "/a"));
    let finding = Finding::hold("far", "too far").at(&record, 700..900);
    assert_eq!(finding.place().expect("has one").range, 3..3);
}
