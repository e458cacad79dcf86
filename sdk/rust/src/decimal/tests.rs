//! Decimals are read, added, compared and written without losing a digit.

use super::Decimal;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text, '.').unwrap_or_else(|| panic!("{text} is a decimal"))
}

#[test]
fn sums_are_exact_where_floats_are_not() {
    let sum = decimal("0.1").checked_add(decimal("0.2")).expect("small");
    assert_eq!(sum, decimal("0.3"));
    assert_eq!(sum.to_string(), "0.3");
    assert_eq!(decimal("-0.05").checked_add(decimal("1")).expect("small").to_string(), "0.95");
}

#[test]
fn numbers_are_written_as_they_were_read() {
    for text in ["0", "-1", "12.50", "-0.05", "99999999999999999999999999999999999999"] {
        assert_eq!(decimal(text).to_string(), text);
    }
    assert_eq!(decimal("+007.10").to_string(), "7.10");
}

#[test]
fn other_writings_are_not_numbers() {
    for text in ["", "-", ".5", "5.", "1,5", "1e3", "1 000", "0x10", "١", "1.2.3", "--1", "1-"] {
        assert_eq!(Decimal::parse(text, '.'), None, "{text:?}");
    }
    assert_eq!(Decimal::parse("1,5", ','), Some(decimal("1.5")));
}

#[test]
fn order_ignores_zeroes_at_the_end_and_survives_extremes() {
    assert_eq!(decimal("1.50"), decimal("1.5"));
    assert!(decimal("-2") < decimal("-1.999"));
    let large = decimal("99999999999999999999999999999999999999");
    let fine = decimal("0.00000000000000000000000000000000001");
    assert!(fine < large);
    assert!(decimal("-99999999999999999999999999999999999999") < fine);
}

#[test]
fn what_does_not_fit_is_refused_not_rounded() {
    assert_eq!(Decimal::parse("9".repeat(39).as_str(), '.'), None);
    let large = decimal("99999999999999999999999999999999999999");
    assert_eq!(large.checked_add(decimal("0.01")), None);
}
