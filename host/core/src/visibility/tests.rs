//! The matrix by its promises.

use std::collections::HashSet;

use rstest::rstest;
use serde_json::json;
use time::OffsetDateTime;

use super::{ENTRIES, Party, Sight, THINGS, of_entry, of_thing, seen};
use crate::id::ConsignmentId;
use crate::provenance::{Actor, Entry, EntryKind};

#[test]
fn no_line_stands_twice() {
    let entries: HashSet<_> = ENTRIES.iter().map(|rule| (rule.kind, rule.at_consignment)).collect();
    let things: HashSet<_> = THINGS.iter().map(|rule| rule.thing).collect();
    assert_eq!((entries.len(), things.len()), (ENTRIES.len(), THINGS.len()));
}

#[rstest]
#[case(EntryKind::Judged, true)]
#[case(EntryKind::AttemptFailed, true)]
#[case(EntryKind::Claimed, true)]
fn senders_never_see_what_the_receivers_side_found(#[case] kind: EntryKind, #[case] at_consignment: bool) {
    assert_eq!(of_entry(kind, at_consignment, Party::Sender), Sight::Nothing);
    assert_eq!(of_entry(kind, at_consignment, Party::Receiver), Sight::Full);
}

#[rstest]
#[case(EntryKind::Judged)]
#[case(EntryKind::Routed)]
#[case(EntryKind::Held)]
#[case(EntryKind::Rejected)]
#[case(EntryKind::Finished)]
fn receivers_never_see_what_the_senders_side_found(#[case] kind: EntryKind) {
    assert_eq!(of_entry(kind, false, Party::Receiver), Sight::Nothing);
    assert_eq!(of_entry(kind, false, Party::Sender), Sight::Full);
}

#[rstest]
#[case("transfer.source", Party::Receiver)]
#[case("transfer.receivers", Party::Receiver)]
#[case("decision.inbound", Party::Receiver)]
#[case("destination", Party::Sender)]
#[case("delivery", Party::Sender)]
#[case("decision.outbound", Party::Sender)]
#[case("a thing that nobody thought of", Party::Sender)]
fn things_of_the_other_side_are_not_there(#[case] thing: &str, #[case] party: Party) {
    assert_eq!(of_thing(thing, party), Sight::Nothing);
    assert_eq!(of_thing(thing, Party::Operator), Sight::Full);
}

#[test]
fn a_summary_names_nobody_and_tells_nothing() {
    let entry = Entry {
        kind: EntryKind::Delivered,
        consignment: Some(ConsignmentId::generate(OffsetDateTime::UNIX_EPOCH)),
        delivery: None,
        actor: Actor::Person("bob@globex".to_owned()),
        details: json!({ "receipt": "204 from https://globex.example/secret-path" }),
        trace_id: Some("0".repeat(32)),
        at: OffsetDateTime::UNIX_EPOCH,
    };
    let told = seen(entry.clone(), Party::Sender).expect("senders see that it was delivered");
    assert_eq!((told.kind, told.at, &told.details), (entry.kind, entry.at, &json!({})));
    assert!(!format!("{told:?}").contains("globex"));
    assert_eq!(seen(entry.clone(), Party::Receiver), Some(entry));
}

#[test]
fn the_documentation_prints_the_matrix_line_by_line() {
    let page = include_str!("../../../../docs/visibility.md");
    let word = |sight| match sight {
        Sight::Full => "full",
        Sight::Summary => "summary",
        Sight::Nothing => "—",
    };
    for rule in THINGS {
        let row = format!("| `{}` | {} | {} |", rule.thing, word(rule.sender), word(rule.receiver));
        assert!(page.contains(&row), "docs/visibility.md lacks this row: {row}");
    }
    for rule in ENTRIES {
        let place = if rule.at_consignment { "consignment" } else { "transfer" };
        let row = format!("| `{}` | {place} | {} | {} |", rule.kind.name(), word(rule.sender), word(rule.receiver));
        assert!(page.contains(&row), "docs/visibility.md lacks this row: {row}");
    }
}
