//! Cells of a CSV record: where they lie, what they say, how to write one.
//!
//! The host's `csv` framing cuts the payload into records; this cuts a record into cells.

mod header;

use std::{borrow::Cow, ops::Range};

use memchr::{memchr, memchr2, memchr3};
use serde::Deserialize;

use crate::Subject;

pub use header::{Column, Header};

/// How the file is written; must match the binding's framing options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// Between cells, one ASCII character.
    #[serde(deserialize_with = "ascii")]
    pub delimiter: u8,
    /// Around cells; doubled, it stands for itself.
    #[serde(deserialize_with = "ascii")]
    pub quote: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', quote: b'"' }
    }
}

/// One cell of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its bytes in the record, quotes included.
    pub range: Range<usize>,
    /// Whether it is written in quotes.
    pub quoted: bool,
}

impl Dialect {
    /// How this payload is written: as the settings say, else as the host cuts it (the attributes
    /// `framing.delimiter` and `framing.quote`), else with comma and double quote.
    pub fn of(settings: Option<Self>, subject: &Subject) -> Self {
        let attribute = |name, default| match subject.attribute(name).map(str::as_bytes) {
            Some([byte]) => *byte,
            _ => default,
        };
        settings.unwrap_or_else(|| Self {
            delimiter: attribute("framing.delimiter", b','),
            quote: attribute("framing.quote", b'"'),
        })
    }

    /// The cells of `record`, of which there is always at least one.
    pub fn cells(self, record: &[u8]) -> Cells<'_> {
        Cells { dialect: self, record, next: Some(0) }
    }

    /// What a cell says: without its quotes, doubled quotes once.
    pub fn value<'a>(self, record: &'a [u8], cell: &Cell) -> Cow<'a, [u8]> {
        let bytes = &record[cell.range.clone()];
        if !cell.quoted {
            return Cow::Borrowed(bytes);
        }
        let inner = bytes.strip_prefix(&[self.quote]).unwrap_or(bytes);
        if let Some(plain) = inner.strip_suffix(&[self.quote]).filter(|plain| !plain.contains(&self.quote)) {
            return Cow::Borrowed(plain);
        }
        let (mut value, mut rest) = (Vec::with_capacity(inner.len()), inner);
        while let Some(quote) = rest.iter().position(|&byte| byte == self.quote) {
            value.extend_from_slice(&rest[..quote]);
            rest = &rest[quote + 1..];
            // A doubled quote stands for one; the closing one stands for nothing; what follows it is taken as it is.
            match rest.strip_prefix(&[self.quote]) {
                Some(after) => {
                    value.push(self.quote);
                    rest = after;
                }
                None => break,
            }
        }
        value.extend_from_slice(rest);
        Cow::Owned(value)
    }

    /// Whether a cell that says `value` must be written in quotes.
    pub fn needs_quotes(self, value: &[u8]) -> bool {
        memchr3(self.delimiter, self.quote, b'\n', value).is_some() || memchr(b'\r', value).is_some()
    }

    /// `value` as a cell: in quotes if it needs them or `quoted` asks for them. Line ends become spaces, so that a
    /// record stays one record.
    pub fn write(self, value: &[u8], quoted: bool) -> Vec<u8> {
        let mut cell = Vec::with_capacity(value.len() + 2);
        self.write_to(&mut cell, value, quoted);
        cell
    }

    /// [`Dialect::write`] to the end of what is there.
    pub fn write_to(self, out: &mut Vec<u8>, value: &[u8], quoted: bool) {
        if !quoted && !self.needs_quotes(value) {
            return out.extend_from_slice(value);
        }
        out.push(self.quote);
        for &byte in value {
            match byte {
                b'\r' | b'\n' => out.push(b' '),
                _ if byte == self.quote => out.extend([byte, byte]),
                _ => out.push(byte),
            }
        }
        out.push(self.quote);
    }
}

/// Iterates over the cells of one record.
#[derive(Debug, Clone)]
pub struct Cells<'a> {
    dialect: Dialect,
    record: &'a [u8],
    next: Option<usize>,
}

impl Iterator for Cells<'_> {
    type Item = Cell;

    fn next(&mut self) -> Option<Cell> {
        let start = self.next?;
        let quoted = self.record.get(start) == Some(&self.dialect.quote);
        let end = if quoted {
            self.quoted_end(start + 1)
        } else {
            self.seek(start, |rest| memchr(self.dialect.delimiter, rest))
        };
        self.next = end.map(|end| end + 1);
        Some(Cell { range: start..end.unwrap_or(self.record.len()), quoted })
    }
}

impl Cells<'_> {
    /// The delimiter that ends the cell whose quotes were entered just before `at`.
    fn quoted_end(&self, mut at: usize) -> Option<usize> {
        let Dialect { delimiter, quote } = self.dialect;
        loop {
            at = self.seek(at, |rest| memchr(quote, rest))? + 1;
            // A doubled quote leaves the quotes and enters them again at once.
            let next = self.seek(at, |rest| memchr2(delimiter, quote, rest))?;
            if self.record[next] == delimiter {
                return Some(next);
            }
            at = next + 1;
        }
    }

    fn seek(&self, from: usize, search: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        search(self.record.get(from..)?).map(|place| from + place)
    }
}

fn ascii<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_bytes() {
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err(serde::de::Error::custom(format_args!("expected one ASCII character, got `{text}`"))),
    }
}

#[cfg(test)]
mod tests;
