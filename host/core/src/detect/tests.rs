//! The detectors by hand-picked cases; real data is in `tests/it/detect.rs`.

use proptest::prelude::*;
use rstest::rstest;

use super::{Kind, hide, scan, scan_column};
use crate::batch::Column;

fn hits(text: &str, kind: Kind) -> Vec<&str> {
    scan(text.as_bytes(), &[kind]).ranges().map(|range| &text[range]).collect()
}

#[rstest]
#[case("pay 4111111111111111 now", &["4111111111111111"])]
#[case("4111 1111 1111 1111 2024", &["4111 1111 1111 1111"])]
#[case("4111-1111-1111-1111;3782 822463 10005", &["4111-1111-1111-1111", "3782 822463 10005"])]
#[case("4111111111111112", &[])]
#[case("x4111111111111111", &[])]
#[case("4111111111111111x", &[])]
#[case("4111-1111 1111-1111", &[])]
#[case("00000000000000000000000000000000", &[])]
fn finds_cards(#[case] text: &str, #[case] wanted: &[&str]) {
    assert_eq!(hits(text, Kind::Card), wanted);
}

#[rstest]
#[case("to DE89370400440532013000.", &["DE89370400440532013000"])]
#[case("DE89 3704 0044 0532 0130 00", &["DE89 3704 0044 0532 0130 00"])]
#[case("gb82west12345698765432", &["gb82west12345698765432"])]
#[case("DE88370400440532013000", &[])]
#[case("DE8937040044053201300", &[])]
#[case("XDE89370400440532013000", &[])]
#[case("DE893704004405320130001", &[])]
fn finds_ibans(#[case] text: &str, #[case] wanted: &[&str]) {
    assert_eq!(hits(text, Kind::Iban), wanted);
}

#[rstest]
#[case("mail a.b+c@ex-ample.co.uk.", &["a.b+c@ex-ample.co.uk"])]
#[case("'x@y.de',\"z@y.de\"", &["x@y.de", "z@y.de"])]
#[case("a@b", &[])]
#[case("@b.de a@ b.de a@.de", &[])]
#[case("a@b.c1", &[])]
#[case("müller@bücher.de", &["müller@bücher.de"])]
#[case("a@b.de@c.de", &["a@b.de"])]
fn finds_email_addresses(#[case] text: &str, #[case] wanted: &[&str]) {
    assert_eq!(hits(text, Kind::Email), wanted);
}

#[rstest]
#[case("call +49 421 1234567!", &["+49 421 1234567"])]
#[case("(0421) 123-4567", &["(0421) 123-4567"])]
#[case("541-714-1388", &["541-714-1388"])]
#[case("345-899-3560x4587", &["345-899-3560x4587"])]
#[case("0490 75 40 81", &["0490 75 40 81"])]
#[case("01.84.17.61.18", &["01.84.17.61.18"])]
#[case("2024-01-15 10:30:00", &[])]
#[case("192.168.100.100", &[])]
#[case("9498777106", &[])]
#[case("order 12-34-567", &[])]
fn finds_telephone_numbers(#[case] text: &str, #[case] wanted: &[&str]) {
    assert_eq!(hits(text, Kind::Phone), wanted);
}

#[test]
fn the_longer_of_two_hits_at_one_place_wins() {
    let text = b"5555555555554444@example.com";
    let hits = scan(text, &[Kind::Card, Kind::Email]);
    assert_eq!((hits.kinds.as_slice(), hits.starts.as_slice()), (&[1u8][..], &[0u32][..]));
}

#[test]
fn no_hit_spans_two_records() {
    let column = Column { data: "a@b.decc".into(), ends: vec![6, 8] };
    assert_eq!(scan_column(&column, &Kind::ALL).ends, [6]);
    let split = Column { data: "4111111111111111".into(), ends: vec![8, 16] };
    assert!(scan_column(&split, &Kind::ALL).is_empty());
}

#[test]
fn hides_what_it_finds_and_long_numbers() {
    assert_eq!(hide("mail a@b.de, id 1234567, row 12345"), "mail *@*.**, id *******, row 12345");
    assert_eq!(hide("müller@x.de"), "*******@*.**");
}

proptest! {
    #[test]
    fn hits_ascend_and_stay_inside(data in proptest::collection::vec(
        prop_oneof![Just(b'4'), Just(b'1'), Just(b'@'), Just(b'.'), Just(b' '), Just(b'+'), Just(b'-'), Just(b'D'),
            Just(b'E'), Just(b'('), Just(b')'), any::<u8>()], 0..300))
    {
        let hits = scan(&data, &Kind::ALL);
        let mut free = 0;
        for range in hits.ranges() {
            prop_assert!(range.start >= free && range.start < range.end && range.end <= data.len());
            free = range.end;
        }
    }

    #[test]
    fn the_next_digit_is_the_first_one(data in proptest::collection::vec(any::<u8>(), 0..80), from in 0usize..80) {
        let plain = data.iter().enumerate().skip(from).find(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at);
        prop_assert_eq!(super::digits::next(&data, from), plain);
    }
}
