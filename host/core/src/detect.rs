//! Detectors of personal data, shared by the sandbox's host function and by the host's own scan of what it keeps.
//!
//! All are pure and linear in the input: each candidate start looks at a bounded number of bytes.

mod card;
mod digits;
mod email;
mod iban;
mod phone;

use crate::batch::Column;

/// A kind of personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A payment card number with a right Luhn digit.
    Card,
    /// An IBAN with its country's length and a right remainder.
    Iban,
    /// An e-mail address.
    Email,
    /// A telephone number in an international, bracketed, grouped national or North American form.
    Phone,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Card, Self::Iban, Self::Email, Self::Phone];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    /// Reads a name from the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What was found: hit `i` is of kind `kinds[i]`, an index into the requested kinds, at `starts[i]..ends[i]`.
/// Hits ascend and do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    /// Which of the requested kinds.
    pub kinds: Vec<u8>,
    /// Where each begins.
    pub starts: Vec<u32>,
    /// Where each ends.
    pub ends: Vec<u32>,
}

impl Hits {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The byte ranges in order.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.starts.iter().zip(&self.ends).map(|(start, end)| *start as usize..*end as usize)
    }

    fn push(&mut self, hit: Found, offset: usize) {
        let place = |at: usize| u32::try_from(at + offset).unwrap_or(u32::MAX);
        self.kinds.push(hit.kind);
        self.starts.push(place(hit.start));
        self.ends.push(place(hit.end));
    }
}

/// One candidate of one detector.
#[derive(Debug, Clone, Copy)]
struct Found {
    kind: u8,
    start: usize,
    end: usize,
}

/// Finds personal data of the given kinds. Where detectors disagree, the earlier start wins, then the longer hit, then
/// the kind that was asked for first. At most the first 4 GiB are looked at.
pub fn scan(data: &[u8], kinds: &[Kind]) -> Hits {
    let mut hits = Hits::default();
    scan_into(&mut hits, &mut vec![], data, kinds, 0);
    hits
}

/// Scans many pieces, one after the other, without memory of its own for each.
#[derive(Debug, Default)]
pub struct Scanner {
    hits: Hits,
    room: Vec<Found>,
}

impl Scanner {
    /// [`scan`]; the answer lives until the next.
    pub fn scan(&mut self, data: &[u8], kinds: &[Kind]) -> &Hits {
        self.hits.kinds.clear();
        self.hits.starts.clear();
        self.hits.ends.clear();
        scan_into(&mut self.hits, &mut self.room, data, kinds, 0);
        &self.hits
    }
}

/// The same over every value of a column; no hit spans two values. Offsets are into the column's data.
pub fn scan_column(column: &Column, kinds: &[Kind]) -> Hits {
    let (mut hits, mut room) = (Hits::default(), vec![]);
    for index in 0..column.len() {
        if let Some(range) = column.range(index) {
            let offset = range.start;
            scan_into(&mut hits, &mut room, &column.data[range], kinds, offset);
        }
    }
    hits
}

fn scan_into(hits: &mut Hits, room: &mut Vec<Found>, data: &[u8], kinds: &[Kind], offset: usize) {
    room.clear();
    for (index, kind) in (0..=u8::MAX).zip(kinds) {
        let mut found = |start, end| room.push(Found { kind: index, start, end });
        match kind {
            Kind::Card => card::find(data, &mut found),
            Kind::Iban => iban::find(data, &mut found),
            Kind::Email => email::find(data, &mut found),
            Kind::Phone => phone::find(data, &mut found),
        }
    }
    room.sort_by_key(|hit| (hit.start, usize::MAX - hit.end, hit.kind));
    let mut free = 0;
    for hit in room.iter().filter(|hit| hit.start < hit.end) {
        if hit.start >= free {
            free = hit.end;
            hits.push(*hit, offset);
        }
    }
}

/// How many digits in a row are hidden in [`hide`], whatever they are.
const TELLING_DIGITS: usize = 6;

/// The text with everything that looks like personal data replaced by `*`, one for a letter or digit: for samples and
/// messages that the host keeps.
pub fn hide(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut ranges: Vec<_> = scan(&bytes, &Kind::ALL).ranges().collect();
    let mut at = 0;
    while let Some(start) = digits::next(&bytes, at) {
        let end = digits::run_end(&bytes, start);
        if end - start >= TELLING_DIGITS {
            ranges.push(start..end);
        }
        at = end;
    }
    for range in ranges {
        for byte in &mut bytes[range] {
            if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
                *byte = b'*';
            }
        }
    }
    // Hits begin and end at ASCII or cover whole characters; should one ever not, nothing is shown rather than bytes.
    String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(text.chars().count()))
}

/// Whether a word goes on here, so that what begins or ends beside it is only a part of something else.
const fn wordlike(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests;
