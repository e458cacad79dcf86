//! Telephone numbers: an international `+`, an area code in brackets, a grouped national number with its leading zero,
//! or the North American 3-3-4. Bare runs of digits are left alone: they are order numbers far more often.

use super::{digits, wordlike};

/// E.164: at most 15 digits.
const MOST_DIGITS: usize = 15;

/// How a candidate begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Plus,
    Bracket,
    Bare,
}

pub(super) fn find(data: &[u8], found: &mut impl FnMut(usize, usize)) {
    let mut at = 0;
    while let Some(digit) = digits::next(data, at) {
        let run = digits::run_end(data, digit);
        match phone(data, digit) {
            Some((start, end)) => {
                found(start, end);
                at = end.max(run);
            }
            None => at = run,
        }
    }
}

fn phone(data: &[u8], digit: usize) -> Option<(usize, usize)> {
    let (start, lead) = lead(data, digit);
    let before = start.checked_sub(1).map(|at| data[at]);
    let earlier = start.checked_sub(2).map(|at| data[at]);
    let inside = before.is_some_and(|byte| wordlike(byte) || byte == b'+')
        || (matches!(before, Some(b'-' | b'.' | b'/' | b':')) && earlier.is_some_and(|byte| byte.is_ascii_digit()));
    if inside {
        return None;
    }
    let (mut groups, mut count, mut at) = ([0usize; 8], 0, digit);
    let mut end = None;
    let mut numerals = 0;
    while count < groups.len() {
        let stop = digits::run_end(data, at);
        numerals += stop - at;
        if numerals > MOST_DIGITS {
            break;
        }
        groups[count] = stop - at;
        count += 1;
        if data.get(stop).is_none_or(|byte| !wordlike(*byte) || is_extension(data, stop)) {
            let zero = data[digit] == b'0';
            if shaped(lead, zero, &groups[..count], numerals) {
                end = Some(stop);
            }
        }
        match separated(data, stop) {
            Some(next) => at = next,
            None => break,
        }
    }
    end.map(|end| (start, extended(data, end)))
}

/// Where the number really begins: at its plus sign or bracket, if it has one.
fn lead(data: &[u8], digit: usize) -> (usize, Lead) {
    match (digit.checked_sub(2).map(|at| data[at]), digit.checked_sub(1).map(|at| data[at])) {
        (Some(b'('), Some(b'+')) => (digit - 2, Lead::Plus),
        (_, Some(b'+')) => (digit - 1, Lead::Plus),
        (_, Some(b'(')) => (digit - 1, Lead::Bracket),
        _ => (digit, Lead::Bare),
    }
}

/// Where the next group begins, if one or two separators and a digit follow.
fn separated(data: &[u8], at: usize) -> Option<usize> {
    let separator = |byte: u8| matches!(byte, b' ' | b'-' | b'.' | b'/' | b'(' | b')');
    let width = data.get(at..)?.iter().take(3).take_while(|byte| separator(**byte)).count();
    let next = at + width;
    ((1..=2).contains(&width) && data.get(next)?.is_ascii_digit()).then_some(next)
}

fn shaped(lead: Lead, zero: bool, groups: &[usize], numerals: usize) -> bool {
    match (lead, groups) {
        (Lead::Plus, _) => (8..=MOST_DIGITS).contains(&numerals),
        (Lead::Bracket, [area, _, ..]) => (2..=5).contains(area) && (8..=12).contains(&numerals),
        (Lead::Bare, [3, 3, 4] | [1 | 3, 3, 3, 4] | [2, 2, 2, 2, 2]) => true,
        (Lead::Bare, [first, _, ..]) => zero && (3..=5).contains(first) && (9..=12).contains(&numerals),
        _ => false,
    }
}

/// `x` and one to five digits after a number are its extension.
fn is_extension(data: &[u8], at: usize) -> bool {
    data.get(at) == Some(&b'x') && data.get(at + 1).is_some_and(u8::is_ascii_digit)
}

fn extended(data: &[u8], end: usize) -> usize {
    if !is_extension(data, end) {
        return end;
    }
    let stop = digits::run_end(data, end + 1);
    if stop - end <= 6 { stop } else { end }
}
