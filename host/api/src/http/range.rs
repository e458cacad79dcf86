//! `Range`: one stretch of bytes, so that a download can be resumed.

use std::ops::Range;

use http::{HeaderMap, header};

/// What part of a representation is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: no range, several, one that is not understood, or one for another version.
    Whole,
    /// One stretch.
    Part(Range<u64>),
    /// Nothing that exists.
    Unsatisfiable,
}

/// Reads the request's range against a representation of that size and entity tag.
pub(crate) fn wanted(headers: &HeaderMap, size: u64, etag: &str) -> Wanted {
    let Some(text) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Wanted::Whole };
    if headers.get(header::IF_RANGE).is_some_and(|value| value.as_bytes() != etag.as_bytes()) {
        return Wanted::Whole;
    }
    let spec = text.split_once('=').filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes")).map(|(_, spec)| spec);
    let Some((first, last)) = spec.and_then(|spec| spec.split_once('-')) else { return Wanted::Whole };
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => Some(Some(digits.parse().unwrap_or(u64::MAX))),
        _ => None,
    };
    match (number(first), number(last)) {
        (Some(Some(first)), Some(last)) => {
            let last = last.unwrap_or(u64::MAX);
            if last < first {
                return Wanted::Whole;
            }
            if first >= size {
                return Wanted::Unsatisfiable;
            }
            Wanted::Part(first..last.saturating_add(1).min(size))
        }
        (Some(None), Some(Some(0))) => Wanted::Unsatisfiable,
        (Some(None), Some(Some(suffix))) if size > 0 => Wanted::Part(size.saturating_sub(suffix)..size),
        (Some(None), Some(Some(_))) => Wanted::Unsatisfiable,
        _ => Wanted::Whole,
    }
}
