//! The algebra of framing: records + glue = payload, and any split of the input gives the same cuts.

mod edits;
mod records;

use proptest::prelude::*;

use super::{Cut, Framer, Framing, Misframed};

pub(super) fn csv() -> Framing {
    Framing::Csv { delimiter: ',', quote: '"', header: false, max_record: 1024 }
}

/// All cuts of a payload that arrives in the given chunks.
pub(super) fn cuts<'a>(framing: &Framing, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Cut>, Option<Misframed>) {
    let mut framer = Framer::new(framing);
    let mut cuts = vec![];
    for chunk in chunks {
        cuts.extend(framer.push(chunk));
    }
    cuts.extend(framer.finish());
    (cuts, framer.misframed().cloned())
}

/// The records of a payload as text.
pub(super) fn records(framing: &Framing, payload: &str) -> Vec<String> {
    let (cuts, misframed) = cuts(framing, [payload.as_bytes()]);
    assert_eq!(misframed, None);
    cuts.iter()
        .flat_map(|cut| {
            cut.batch().records.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect::<Vec<_>>()
        })
        .collect()
}

fn framings() -> impl Strategy<Value = Framing> {
    prop_oneof![
        Just(Framing::Bytes),
        Just(Framing::Whole),
        Just(Framing::Lines { max_record: 40 }),
        Just(Framing::Csv { delimiter: ',', quote: '"', header: true, max_record: 40 }),
        Just(Framing::Csv { delimiter: ';', quote: '\'', header: false, max_record: 40 }),
        Just(Framing::Json { max_record: 40 }),
    ]
}

/// Bytes in which delimiters of every framing are frequent.
fn payloads() -> impl Strategy<Value = Vec<u8>> {
    let telling = proptest::sample::select(b"\n\n\r\",;'[]{}\\: 1\xef\xbb\xbf".to_vec());
    let mixed = proptest::collection::vec(prop_oneof![4 => telling, 1 => any::<u8>()], 0..400);
    let many = (proptest::collection::vec(any::<u8>(), 0..6), 0usize..900)
        .prop_map(|(line, times)| [line.as_slice(), b"\r\n"].concat().repeat(times));
    prop_oneof![3 => mixed, 1 => many]
}

proptest! {
    #[test]
    fn records_and_glue_are_the_payload(framing in framings(), payload in payloads()) {
        let (cuts, misframed) = cuts(&framing, [payload.as_slice()]);
        let raw: Vec<u8> = cuts.iter().flat_map(|cut| cut.raw.to_vec()).collect();
        match misframed {
            None => prop_assert_eq!(&raw, &payload),
            Some(_) => prop_assert!(payload.starts_with(&raw)),
        }
        let (mut start, mut first) = (0, 0);
        for cut in &cuts {
            prop_assert_eq!((cut.start, cut.first), (start, first));
            let mut free = 0;
            for span in &cut.spans {
                prop_assert!(span.start >= free && span.end >= span.start && span.end as usize <= cut.raw.len());
                free = span.end;
            }
            start += cut.raw.len() as u64;
            first += cut.spans.len() as u64;
        }
    }

    #[test]
    fn any_split_gives_the_same_cuts(
        framing in framings(), payload in payloads(), splits in proptest::collection::vec(0usize..400, 0..12))
    {
        let whole = cuts(&framing, [payload.as_slice()]);
        let mut places: Vec<_> = splits.into_iter().filter(|at| *at <= payload.len()).collect();
        places.sort_unstable();
        let mut chunks = vec![];
        let mut from = 0;
        for at in places {
            chunks.push(&payload[from..at]);
            from = at;
        }
        chunks.push(&payload[from..]);
        let split = cuts(&framing, chunks);
        prop_assert_eq!(whole.1.as_ref().map(|it| it.rule), split.1.as_ref().map(|it| it.rule));
        prop_assert_eq!(whole.1.as_ref().map(|it| it.start), split.1.as_ref().map(|it| it.start));
        prop_assert_eq!(whole.0, split.0);
        let single = cuts(&framing, payload.chunks(1));
        prop_assert_eq!(single.0.len(), cuts(&framing, [payload.as_slice()]).0.len());
    }
}
