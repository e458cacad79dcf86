//! A place to edit: which bytes of a record, which pieces of them are masked, and how the result must be written.

use std::{ops::Range, slice};

use lockgate_sdk::{csv::Dialect, json};

/// Part of a value that is masked.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Its bytes, in the record or in the spot's own text.
    pub(crate) range: Range<usize>,
    /// What it says.
    pub(crate) value: Vec<u8>,
    /// Index of its action.
    pub(crate) action: usize,
}

/// How the result must be written, so that the record stays what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A CSV cell; its range includes the quotes.
    Cell { quoted: bool },
    /// A JSON string; its range includes the quotes.
    String,
    /// A JSON number or word.
    Bare,
    /// Text; in a line, it must not end the line.
    Text { line: bool },
}

/// One place to edit.
#[derive(Debug)]
pub(crate) struct Spot {
    range: Range<usize>,
    form: Form,
    /// What the place says, where that is not what its bytes are; pieces then lie in it.
    text: Option<Vec<u8>>,
    pieces: Vec<Piece>,
}

impl Spot {
    /// Pieces of the bytes at `range` of the record.
    pub(crate) fn raw(range: Range<usize>, form: Form, pieces: Vec<Piece>) -> Self {
        Self { range, form, text: None, pieces }
    }

    /// Pieces of what the bytes at `range` say.
    pub(crate) fn decoded(range: Range<usize>, form: Form, text: Vec<u8>, pieces: Vec<Piece>) -> Self {
        Self { range, form, text: Some(text), pieces }
    }

    /// All that the bytes at `range` say, as one piece.
    pub(crate) fn whole(range: Range<usize>, form: Form, text: Vec<u8>, action: usize) -> Self {
        let piece = Piece { range: 0..text.len(), value: text.clone(), action };
        Self::decoded(range, form, text, vec![piece])
    }

    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(crate) fn pieces(&self) -> slice::Iter<'_, Piece> {
        self.pieces.iter()
    }

    /// The replacement for the spot's bytes; takes one masked value for each piece.
    pub(crate) fn write(&self, record: &[u8], dialect: Dialect, masked: &mut slice::Iter<'_, Vec<u8>>) -> Vec<u8> {
        let (source, within) = match &self.text {
            Some(text) => (&text[..], 0..text.len()),
            None => (record, self.range.clone()),
        };
        let (mut body, mut at) = (Vec::with_capacity(within.len()), within.start);
        for (piece, masked) in self.pieces.iter().zip(masked) {
            body.extend_from_slice(&source[at..piece.range.start]);
            body.extend(self.escaped(masked, dialect));
            at = piece.range.end;
        }
        body.extend_from_slice(&source[at..within.end]);
        match (self.form, &self.text) {
            (Form::Cell { quoted }, Some(_)) => dialect.write(&body, quoted),
            (Form::Cell { quoted: false }, None) => dialect.write(&body, false),
            (Form::String, Some(_)) => json::write(&body),
            (Form::Bare, _) if !is_number(&body) => json::write(&body),
            _ => body,
        }
    }

    /// A masked piece among bytes that stay as they are.
    fn escaped(&self, masked: &[u8], dialect: Dialect) -> Vec<u8> {
        match (self.form, &self.text) {
            (Form::Cell { quoted: true }, None) => unquoted(dialect.write(masked, true)),
            (Form::String, None) => unquoted(json::write(masked)),
            (Form::Text { line: true }, _) => {
                masked.iter().map(|&byte| if b"\r\n".contains(&byte) { b' ' } else { byte }).collect()
            }
            _ => masked.to_vec(),
        }
    }
}

fn unquoted(mut quoted: Vec<u8>) -> Vec<u8> {
    quoted.pop();
    quoted.drain(..1);
    quoted
}

/// Whether it may stand in JSON without quotes.
fn is_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && (digits.len() == 1 || digits[0] != b'0')
}
