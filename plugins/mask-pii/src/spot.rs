//! A place to edit: which bytes of a record, which pieces of them are masked, and how the result must be written.

use std::{borrow::Cow, ops::Range};

use lockgate_sdk::{Edits, Record, csv::Dialect, json};

use crate::action::{Action, Tokens};

/// Part of a value that is masked.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    /// Its bytes, in the record or in the spot's own text.
    pub(crate) range: Range<usize>,
    /// What it says.
    pub(crate) value: Cow<'a, [u8]>,
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
struct Spot<'a> {
    record: Record<'a>,
    range: Range<usize>,
    form: Form,
    /// What the place says, where that is not what its bytes are; pieces then lie in it.
    text: Option<Vec<u8>>,
    /// Its pieces among all.
    pieces: Range<usize>,
}

/// All places of a batch, in order.
#[derive(Debug, Default)]
pub(crate) struct Spots<'a> {
    spots: Vec<Spot<'a>>,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Spots<'a> {
    /// Pieces of the bytes at `range` of the record; no place where there are none.
    pub(crate) fn raw(
        &mut self,
        record: &Record<'a>,
        range: Range<usize>,
        form: Form,
        pieces: impl IntoIterator<Item = Piece<'a>>,
    ) {
        self.push(record, range, form, None, pieces);
    }

    /// Pieces of what the bytes at `range` say; no place where there are none.
    pub(crate) fn decoded(
        &mut self,
        record: &Record<'a>,
        range: Range<usize>,
        form: Form,
        text: Vec<u8>,
        pieces: impl IntoIterator<Item = Piece<'a>>,
    ) {
        self.push(record, range, form, Some(text), pieces);
    }

    /// All that the bytes at `range` say, as one piece.
    pub(crate) fn whole(
        &mut self,
        record: &Record<'a>,
        range: Range<usize>,
        form: Form,
        value: Cow<'a, [u8]>,
        action: usize,
    ) {
        let text = value.to_vec();
        self.push(record, range, form, Some(text), [Piece { range: 0..value.len(), value, action }]);
    }

    /// The masked pieces, in order.
    pub(crate) fn pieces(&self) -> &[Piece<'a>] {
        &self.pieces
    }

    /// Makes the edits: of the pieces alone where what is around them may stay as it is.
    pub(crate) fn edit(&self, edits: &mut Edits, actions: &[Action], dialect: Dialect, mut tokens: Tokens) {
        let mut masked = Masked::default();
        for spot in &self.spots {
            let pieces = &self.pieces[spot.pieces.clone()];
            masked.fill(pieces, |piece, out| actions[piece.action].mask(&piece.value, &mut tokens, out));
            if spot.stays_around(&masked, dialect) {
                for (piece, masked) in pieces.iter().zip(masked.values()) {
                    let write = |out: &mut Vec<u8>| spot.escape(masked, dialect, out);
                    edits.replace_with(&spot.record, piece.range.clone(), write);
                }
            } else {
                let write = |out: &mut Vec<u8>| spot.write(pieces, &masked, dialect, out);
                edits.replace_with(&spot.record, spot.range.clone(), write);
            }
        }
    }

    fn push(
        &mut self,
        record: &Record<'a>,
        range: Range<usize>,
        form: Form,
        text: Option<Vec<u8>>,
        pieces: impl IntoIterator<Item = Piece<'a>>,
    ) {
        let before = self.pieces.len();
        self.pieces.extend(pieces);
        if self.pieces.len() > before {
            self.spots.push(Spot { record: *record, range, form, text, pieces: before..self.pieces.len() });
        }
    }
}

/// What the pieces of one spot become; its memory serves all spots.
#[derive(Debug, Default)]
struct Masked {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Masked {
    fn fill<'a>(&mut self, pieces: &[Piece<'a>], mut mask: impl FnMut(&Piece<'a>, &mut Vec<u8>)) {
        self.bytes.clear();
        self.ends.clear();
        for piece in pieces {
            mask(piece, &mut self.bytes);
            self.ends.push(self.bytes.len());
        }
    }

    fn values(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

impl Spot<'_> {
    /// Whether the bytes around the pieces may stay as they are.
    fn stays_around(&self, masked: &Masked, dialect: Dialect) -> bool {
        match self.form {
            _ if self.text.is_some() => false,
            Form::Cell { quoted } => quoted || !dialect.needs_quotes(&masked.bytes),
            Form::String | Form::Text { .. } => true,
            // A number may have become a word.
            Form::Bare => false,
        }
    }

    /// Adds a masked piece among bytes that stay as they are.
    fn escape(&self, masked: &[u8], dialect: Dialect, out: &mut Vec<u8>) {
        match self.form {
            Form::Cell { .. } if dialect.needs_quotes(masked) => out.extend(unquoted(dialect.write(masked, true))),
            Form::String => out.extend(unquoted(json::write(masked))),
            Form::Text { line: true } => {
                out.extend(masked.iter().map(|&byte| if b"\r\n".contains(&byte) { b' ' } else { byte }));
            }
            Form::Cell { .. } | Form::Bare | Form::Text { line: false } => out.extend_from_slice(masked),
        }
    }

    /// Adds the whole spot anew.
    fn write(&self, pieces: &[Piece<'_>], masked: &Masked, dialect: Dialect, out: &mut Vec<u8>) {
        let (source, within) = match &self.text {
            Some(text) => (&text[..], 0..text.len()),
            None => (self.record.bytes(), self.range.clone()),
        };
        let (mut body, mut at) = (Vec::with_capacity(within.len()), within.start);
        for (piece, masked) in pieces.iter().zip(masked.values()) {
            body.extend_from_slice(&source[at..piece.range.start]);
            body.extend_from_slice(masked);
            at = piece.range.end;
        }
        body.extend_from_slice(&source[at..within.end]);
        match self.form {
            Form::Cell { quoted } => dialect.write_to(out, &body, quoted),
            Form::Bare if is_number(&body) => out.extend(body),
            Form::Bare | Form::String => out.extend(json::write(&body)),
            Form::Text { .. } => out.extend(body),
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
