//! What is a record in each framing.

use rstest::rstest;

use super::{csv, cuts, records};
use crate::framing::{Framer, Framing};

#[rstest]
#[case("a\nb\r\nc", &["a", "b", "c"])]
#[case("a\n\nb\n", &["a", "", "b"])]
#[case("\u{feff}a\rb\n", &["a\rb"])]
#[case("", &[])]
#[case("\n", &[""])]
fn lines(#[case] payload: &str, #[case] wanted: &[&str]) {
    assert_eq!(records(&Framing::Lines { max_record: 100 }, payload), wanted);
}

#[rstest]
#[case("a,b\nc,d\n", &["a,b", "c,d"])]
#[case("a,\"b\nc\"\r\nd", &["a,\"b\nc\"", "d"])]
#[case("\"a \"\"x\"\"\n\",b\nc", &["\"a \"\"x\"\"\n\",b", "c"])]
#[case("a\rb\r\n\r\nc", &["a", "b", "c"])]
#[case("a\"b\nc\"d", &["a\"b", "c\"d"])]
#[case("\"a\"b\nc", &["\"a\"b", "c"])]
#[case("\u{feff}\"a\"\n", &["\"a\""])]
fn csv_records(#[case] payload: &str, #[case] wanted: &[&str]) {
    assert_eq!(records(&csv(), payload), wanted);
}

#[rstest]
#[case("{\"a\":1}\n{\"b\":\"}\\\"\"}", &["{\"a\":1}", "{\"b\":\"}\\\"\"}"])]
#[case(" [1, {\"a\":[2]} ,\"x,]\"] ", &["1", "{\"a\":[2]}", "\"x,]\""])]
#[case("1 2\"a\"true", &["1", "2", "\"a\"", "true"])]
#[case("[]", &[])]
#[case("[[1],[2]]", &["[1]", "[2]"])]
fn json_values(#[case] payload: &str, #[case] wanted: &[&str]) {
    assert_eq!(records(&Framing::Json { max_record: 100 }, payload), wanted);
}

#[test]
fn a_whole_payload_is_one_record_even_if_empty() {
    assert_eq!(records(&Framing::Whole, "a\nb"), ["a\nb"]);
    assert_eq!(records(&Framing::Whole, ""), [""]);
}

#[test]
fn bytes_come_in_pieces_of_one_size() {
    let payload = vec![7u8; 300 * 1024];
    let (cuts, misframed) = cuts(&Framing::Bytes, payload.chunks(1000));
    let sizes: Vec<_> = cuts.iter().map(|cut| (cut.raw.len(), cut.spans.len(), cut.last)).collect();
    assert_eq!(sizes, [(131_072, 1, false), (131_072, 1, false), (45_056, 1, true)]);
    assert_eq!(misframed, None);
}

#[test]
fn the_header_is_glue_and_preamble() {
    let framing = Framing::Csv { delimiter: ',', quote: '"', header: true, max_record: 100 };
    let mut framer = Framer::new(&framing);
    let mut cuts = framer.push("\u{feff}id,\"na\nme\"\r\n1,x\r\n".as_bytes());
    cuts.extend(framer.finish());
    assert_eq!(framer.preamble(), "id,\"na\nme\"");
    assert_eq!(cuts.len(), 1);
    assert_eq!(cuts[0].batch().records.iter().collect::<Vec<_>>(), [b"1,x"]);
    assert_eq!(cuts[0].first, 0);
}

#[test]
fn cuts_hold_1024_records_and_the_last_one_knows_it() {
    let payload = "x\n".repeat(2_048);
    let (cuts, _) = cuts(&Framing::Lines { max_record: 10 }, [payload.as_bytes()]);
    let sizes: Vec<_> = cuts.iter().map(|cut| (cut.first, cut.spans.len(), cut.last)).collect();
    assert_eq!(sizes, [(0, 1_024, false), (1_024, 1_024, true)]);
}

#[rstest]
#[case(csv(), "a,b\n\"open\nc", "unclosed-quote", 4)]
#[case(Framing::Lines { max_record: 3 }, "abc\nabcd\n", "oversized-record", 4)]
#[case(Framing::Json { max_record: 100 }, "1 {\"a\":", "unclosed-json", 2)]
#[case(Framing::Json { max_record: 100 }, "[1 2]", "malformed-json", 3)]
#[case(Framing::Json { max_record: 100 }, "[1,]", "malformed-json", 3)]
#[case(Framing::Json { max_record: 100 }, "{},{}", "malformed-json", 2)]
#[case(Framing::Json { max_record: 100 }, "[1", "unclosed-json", 1)]
fn what_cannot_be_cut_is_named_with_its_place(
    #[case] framing: Framing,
    #[case] payload: &str,
    #[case] rule: &str,
    #[case] start: u64,
) {
    let (_, misframed) = cuts(&framing, [payload.as_bytes()]);
    assert_eq!(misframed.map(|it| (it.rule, it.start)), Some((rule, start)));
}

#[test]
fn records_before_the_misframed_one_are_still_handed_out() {
    let (cuts, misframed) = cuts(&csv(), ["a\nb\n\"c".as_bytes()]);
    assert!(misframed.is_some());
    assert_eq!(cuts.iter().map(|cut| cut.spans.len()).sum::<usize>(), 2);
}

#[test]
fn a_record_as_long_as_allowed_may_have_any_line_end() {
    for chunks in [vec!["abc\r\nabc"], vec!["abc\r", "\nabc"]] {
        let (_, misframed) = cuts(&Framing::Lines { max_record: 3 }, chunks.iter().map(|it| it.as_bytes()));
        assert_eq!(misframed, None);
    }
}
