//! Findings to verdict.

use proptest::prelude::*;

use super::{Finding, Findings, Severity, Verdict};

fn finding(severity: Severity) -> Finding {
    Finding { rule: "a/b".to_owned(), severity, message: String::new(), place: None, sample: None }
}

proptest! {
    #[test]
    fn the_worst_finding_decides_even_if_it_is_not_kept(
        severities in proptest::collection::vec(0u8..3, 0..1_200))
    {
        let of = |it: &u8| [Severity::Note, Severity::Hold, Severity::Refuse][usize::from(*it)];
        let mut findings = Findings::default();
        severities.iter().for_each(|it| findings.add(finding(of(it))));
        let wanted = match severities.iter().max() {
            None | Some(0) => Verdict::Accept,
            Some(1) => Verdict::Hold,
            Some(_) => Verdict::Reject,
        };
        prop_assert_eq!(findings.verdict(), wanted);
        prop_assert_eq!(findings.refusals(), severities.iter().filter(|it| **it == 2).count() as u64);
        prop_assert_eq!(findings.items.len() as u64 + findings.dropped, severities.len() as u64);
        prop_assert!(findings.items.len() <= Findings::KEPT);
    }
}

#[test]
fn what_a_plugin_left_out_is_counted() {
    let mut findings = Findings::default();
    findings.add_dropped(u64::MAX);
    findings.add_dropped(1);
    assert_eq!((findings.dropped, findings.verdict()), (u64::MAX, Verdict::Accept));
}
