//! However the payload arrives, the judgement and the masked object are the same, and as a naive masker would write it.

use std::sync::Arc;

use lockgate_core::finding::Severity;
use lockgate_core::framing::Framing;
use lockgate_core::hook::{FailureMode, Hook};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{Conclusion, Masked, RawFindings};
use lockgate_testkit::memory::MemoryPayloadStore;
use proptest::prelude::*;

use crate::stage::{Stage, binding, complain, csv, replace};

/// What a payload becomes if it arrives in chunks of that many bytes: the masked text and the findings.
async fn judged(payload: &str, chunk: usize) -> (Option<String>, Vec<(String, u64, u64, u64)>) {
    let stage = Stage::with_payloads(Arc::new(MemoryPayloadStore::with_chunks_of(chunk))).await;
    stage.runner.validates(
        "check",
        |batch| Ok(complain(batch, "x", Severity::Note)),
        || Ok(Conclusion { findings: RawFindings::default(), facts: vec![] }),
    );
    stage.runner.masks("first", |batch| Ok(replace(batch, "a", "<bb>")));
    stage.runner.masks("second", |batch| {
        Ok(Masked { findings: complain(batch, "c", Severity::Note), ..replace(batch, "bb", "") })
    });
    let bindings = vec![
        binding(Hook::Validate, "check", Framing::Lines { max_record: 4096 }, FailureMode::Reject),
        binding(Hook::Mask, "first", csv(), FailureMode::Reject),
        binding(Hook::Mask, "second", Framing::Lines { max_record: 4096 }, FailureMode::Reject),
    ];
    stage.policy(Owner::House, Side::Inbound, bindings);
    let payload: &'static str = Box::leak(payload.to_owned().into_boxed_str());
    let id = stage.receive(&[stage.globex], "people.csv", payload).await;
    stage.run().await;
    let transfer = stage.get(id);
    let released = transfer.released.map(|it| stage.text(Some(&it)));
    let decision = stage.store.decisions().remove(0);
    let places = decision.findings.items.into_iter().map(|it| {
        let place = it.place.map_or((0, 0, 0), |place| (place.line, place.column, place.start));
        (it.rule, place.0, place.1, place.2)
    });
    let mut places: Vec<_> = places.collect();
    // Which of two plugins speaks first depends on the chunks; what they say does not.
    places.sort();
    (released, places)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn chunks_make_no_difference(lines in proptest::collection::vec("[abcx,]{0,6}", 0..600), chunk in 1usize..50) {
        let payload: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be built");
        let (whole, small) =
            runtime.block_on(async { (judged(&payload, usize::MAX).await, judged(&payload, chunk).await) });
        prop_assert_eq!(&whole, &small);
        // The header is the first line that is not blank; it is glue and stays as it is for the CSV masker.
        let header = lines.iter().position(|line| !line.is_empty());
        let naive: String = lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                let first = if Some(index) == header { line.clone() } else { line.replace('a', "<bb>") };
                format!("{}\r\n", first.replace("bb", ""))
            })
            .collect();
        prop_assert_eq!(whole.0, Some(naive));
        let expected = lines.iter().filter(|line| line.contains('x')).count();
        prop_assert_eq!(whole.1.iter().filter(|it| it.0 == "check/bad-word").count(), expected);
        for (rule, line, column, start) in &whole.1 {
            let word = if rule.starts_with("check") { "x" } else { "c" };
            let at = usize::try_from(*start).expect("payloads are small");
            prop_assert_eq!(&payload[at..at + 1], word);
            let before = &payload[..at];
            prop_assert_eq!(*line, 1 + before.matches('\n').count() as u64);
            prop_assert_eq!(*column, 1 + (at - before.rfind('\n').map_or(0, |it| it + 1)) as u64);
        }
    }
}
