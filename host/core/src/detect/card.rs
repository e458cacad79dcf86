//! Payment cards: 12 to 19 digits, grouped by single blanks or hyphens or not at all, with a right Luhn digit.

use super::{digits, wordlike};

/// No card has more groups than this.
const GROUPS: usize = 6;

pub(super) fn find(data: &[u8], found: &mut impl FnMut(usize, usize)) {
    let mut at = 0;
    while let Some(start) = digits::next(data, at) {
        let run = digits::run_end(data, start);
        let part_of_word = start.checked_sub(1).is_some_and(|before| wordlike(data[before]));
        match (!part_of_word).then(|| card(data, start)).flatten() {
            Some(end) => {
                found(start, end);
                at = end;
            }
            None => at = run,
        }
    }
}

/// The end of the longest card that begins here.
fn card(data: &[u8], start: usize) -> Option<usize> {
    let mut numerals = [0u8; 19];
    let (mut count, mut at, mut separator) = (0, start, None);
    let mut longest = None;
    for group in 0..GROUPS {
        let end = digits::run_end(data, at);
        let more = end - at;
        if count + more > numerals.len() {
            break;
        }
        // A grouped card begins with four digits; what follows has three to seven.
        if group > 0 && !(2..=7).contains(&more) {
            break;
        }
        for (place, byte) in numerals[count..].iter_mut().zip(&data[at..end]) {
            *place = byte - b'0';
        }
        count += more;
        let ends_here = data.get(end).is_none_or(|byte| !wordlike(*byte));
        if ends_here && plausible(&numerals[..count]) && luhn(&numerals[..count]) {
            longest = Some(end);
        }
        let next = data.get(end).filter(|byte| matches!(byte, b' ' | b'-'));
        let goes_on = data.get(end + 1).is_some_and(u8::is_ascii_digit);
        match next {
            Some(byte) if goes_on && separator.is_none_or(|it| it == *byte) && (group > 0 || more == 4) => {
                separator = Some(*byte);
                at = end + 1;
            }
            _ => break,
        }
    }
    longest
}

/// Whether an issuer could have such numbers; keeps order numbers and the like out.
fn plausible(numerals: &[u8]) -> bool {
    match numerals {
        [5 | 6, ..] if numerals.len() == 12 => true,
        [1, ..] => numerals.len() == 15,
        [2..=6, ..] => (13..=19).contains(&numerals.len()),
        _ => false,
    }
}

/// ISO/IEC 7812-1: from the right, every second digit doubled, the sum of all digits divisible by ten.
fn luhn(numerals: &[u8]) -> bool {
    let sum: u32 = numerals
        .iter()
        .rev()
        .enumerate()
        .map(|(index, numeral)| match (index % 2, u32::from(*numeral)) {
            (0, numeral) => numeral,
            (_, numeral) if numeral > 4 => 2 * numeral - 9,
            (_, numeral) => 2 * numeral,
        })
        .sum();
    sum.is_multiple_of(10)
}
