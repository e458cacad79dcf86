//! The host functions as a guest sees them, called without one.

use std::collections::HashMap;
use std::sync::Arc;

use lockgate_core::batch::{Batch, Column as CoreColumn};
use lockgate_core::detect::{self as detectors, Kind};
use lockgate_core::digest::Digest;
use lockgate_core::fault::Fault;
use lockgate_core::limits::Limits;
use lockgate_core::ports::{LookupTable, SecretBytes};
use proptest::prelude::*;

use super::tokenize::Tokenizer;
use crate::contract::v1::host::types::Column;
use crate::contract::v1::host::{detect, lookup, tokenize};
use crate::guest::{Identity, Powers, Refused, State};

fn state(limits: &Limits, powers: Powers) -> State {
    let identity = Identity { plugin: "p".to_owned(), digest: Digest::of(b"p"), binding: "b".to_owned() };
    State::new(Arc::new(identity), limits, powers)
}

fn all_powers() -> Powers {
    let entries = [("se".to_owned(), "Sweden".to_owned())].into();
    let table = LookupTable { name: "countries".to_owned(), version: 3, entries };
    Powers {
        detect: true,
        tokenizer: Some(Tokenizer::new(&SecretBytes::new(vec![1; 32]))),
        lookup: true,
        tables: HashMap::from([("countries".to_owned(), Arc::new(table))]),
    }
}

fn column(values: &[&str]) -> Column {
    let ends = values.iter().scan(0, |end, value| {
        *end += u32::try_from(value.len()).ok()?;
        Some(*end)
    });
    Column { ends: ends.collect(), data: values.concat().into_bytes() }
}

fn fault<T: std::fmt::Debug>(answer: wasmtime::Result<T>) -> Fault {
    answer.expect_err("it must be refused").downcast::<Refused>().expect("a limit or grant refused it").0
}

#[test]
fn nothing_that_is_not_granted_is_done() {
    let mut state = state(&Limits::default(), Powers::default());
    let faults = [
        fault(detect::Host::scan(&mut state, vec![], vec![])),
        fault(detect::Host::scan_batch(&mut state, vec![])),
        fault(tokenize::Host::tokens(&mut state, column(&["x"]), "opaque".to_owned())),
        fault(lookup::Host::find(&mut state, "countries".to_owned(), column(&["se"]))),
    ];
    for fault in faults {
        assert!(matches!(&fault, Fault::Contract { message } if message.contains("does not grant")), "{fault:?}");
    }
}

#[test]
fn values_are_looked_up_and_unknown_ones_are_none() {
    let mut state = state(&Limits::default(), all_powers());
    let found = lookup::Host::find(&mut state, "countries".to_owned(), column(&["se", "", "xx"])).expect("granted");
    assert_eq!(found, [Some("Sweden".to_owned()), None, None]);
}

#[test]
fn a_column_of_values_becomes_a_column_of_tokens() {
    let mut state = state(&Limits::default(), all_powers());
    let tokens = tokenize::Host::tokens(&mut state, column(&["a", "bb", "a"]), "opaque".to_owned()).expect("granted");
    assert_eq!(tokens.ends, [30, 60, 90]);
    assert_eq!(tokens.data[..30], tokens.data[60..]);
    assert_ne!(tokens.data[..30], tokens.data[30..60]);
}

#[test]
fn an_answer_of_the_host_is_limited_like_one_of_the_guest() {
    let limits = Limits { output_bytes: 100, ..Limits::default() };
    let mut state = state(&limits, all_powers());
    let many = column(&["a"; 10]);
    let fault = fault(tokenize::Host::tokens(&mut state, many, "opaque".to_owned()));
    assert_eq!(fault, Fault::Output { limit: 100, was: 120 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn long_values_are_scanned_in_pieces_as_if_they_were_whole(
        parts in proptest::collection::vec(
            prop_oneof![
                Just(" 4111 1111 1111 1111 ".to_owned()),
                Just("ann@example.org,".to_owned()),
                Just("DE89370400440532013000 ".to_owned()),
                "[a-z0-9 ,]{100,9000}",
            ],
            10..40,
        )
    ) {
        let data = parts.concat();
        let names: Vec<String> = ["email", "card", "iban"].map(str::to_owned).to_vec();
        let mut state = state(&Limits::ceiling(), all_powers());
        let ends = vec![u32::try_from(data.len()).expect("small")];
        let records = CoreColumn { data: data.clone().into(), ends };
        state.batch = Some(Arc::new(Batch { first: 0, records, last: true }));
        let in_pieces = detect::Host::scan_batch(&mut state, names).expect("granted");
        let whole = detectors::scan(data.as_bytes(), &[Kind::Email, Kind::Card, Kind::Iban]);
        prop_assert_eq!(in_pieces.starts, whole.starts);
        prop_assert_eq!(in_pieces.ends, whole.ends);
        prop_assert_eq!(in_pieces.kinds, whole.kinds);
    }
}
