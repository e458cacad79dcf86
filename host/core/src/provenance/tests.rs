//! A chain notices every change.

use proptest::prelude::*;
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::{Actor, BrokenChain, ChainedEntry, Entry, EntryKind, link, verify};
use crate::digest::Digest;
use crate::id::TransferId;

fn chain(length: u64) -> Vec<ChainedEntry> {
    let at = OffsetDateTime::UNIX_EPOCH;
    let transfer = TransferId::generate(at);
    let mut head = Digest::default();
    (1..=length)
        .map(|sequence| {
            let entry = Entry {
                kind: EntryKind::Claimed,
                consignment: None,
                delivery: None,
                actor: Actor::Person("alice".to_owned()),
                details: json!({ "b": sequence, "a": { "y": 1, "x": [true, null] } }),
                trace_id: None,
                at: at + Duration::seconds(i64::try_from(sequence).unwrap_or(0)),
            };
            head = link(head, sequence, &entry);
            ChainedEntry { transfer, sequence, entry, link: head }
        })
        .collect()
}

#[test]
fn an_untouched_chain_leads_to_its_head() {
    let chain = chain(5);
    assert_eq!(verify(&chain), Ok(chain[4].link));
    assert_eq!(verify(&[]), Ok(Digest::default()));
}

#[test]
fn the_order_of_keys_in_details_does_not_matter() {
    let mut chain = chain(1);
    let text = r#"{"a":{"x":[true,null],"y":1},"b":1}"#;
    chain[0].entry.details = serde_json::from_str(text).expect("it is JSON");
    assert!(verify(&chain).is_ok());
}

proptest! {
    #[test]
    fn every_change_is_noticed(length in 2u64..8, at in 0usize..8, how in 0u8..5) {
        let mut chain = chain(length);
        let at = at % chain.len();
        match how {
            0 => chain[at].entry.details = json!({ "b": "forged" }),
            1 => chain[at].entry.actor = Actor::Person("mallory".to_owned()),
            2 => chain[at].entry.at += Duration::microseconds(1),
            3 => chain[at].link = Digest::of(b"forged"),
            _ => {
                // Cutting the end off is what the head on the transfer is for.
                let at = at.min(chain.len() - 2);
                chain.remove(at);
            }
        }
        prop_assert!(verify(&chain).is_err());
    }
}

#[test]
fn says_what_is_wrong() {
    let mut forged = chain(3);
    forged[1].entry.kind = EntryKind::Judged;
    assert_eq!(verify(&forged), Err(BrokenChain::Forged(2)));
    let mut gap = chain(3);
    gap.remove(1);
    assert_eq!(verify(&gap), Err(BrokenChain::Gap { wanted: 2, found: 3 }));
}
