//! JSON: chosen members, and hits within strings, names and numbers.

use lockgate_sdk::{
    Record,
    host::detect,
    json::{self, Kind, Scalar},
};

use crate::{
    Hit,
    csv::pieces,
    settings::Field,
    spot::{Form, Piece, Spot},
};

pub(crate) fn spots(kinds: &[String], fields: &[Field], record: &Record<'_>, hits: &[Hit]) -> Vec<Spot> {
    let bytes = record.bytes();
    let mut spots = Vec::new();
    // Only an escape by number can hide a letter or digit from a detector that reads the bytes as they are.
    let hidden = |scalar: &[u8]| !kinds.is_empty() && scalar.windows(2).any(|pair| pair == b"\\u");
    json::scalars(bytes, |pointer, Scalar { range, kind }| {
        let form = if kind == Kind::Bare { Form::Bare } else { Form::String };
        let scalar = &bytes[range.clone()];
        if let Some(action) = (kind != Kind::Name).then(|| chosen(fields, pointer)).flatten() {
            // That there is nothing is no secret, and a word keeps the member's type for who reads it.
            if !matches!(scalar, b"null" | b"\"\"") {
                spots.push(Spot::whole(range, form, json::text(scalar).into_owned(), action));
            }
        } else if form == Form::String && hidden(scalar) {
            let text = json::text(scalar).into_owned();
            let found = detect::scan(&text, kinds).into_iter();
            let piece = |(kind, range): (usize, std::ops::Range<usize>)| Piece {
                value: text[range.clone()].to_vec(),
                range,
                action: kind,
            };
            let pieces: Vec<_> = found.map(piece).collect();
            if !pieces.is_empty() {
                spots.push(Spot::decoded(range, form, text, pieces));
            }
        } else if !hits.is_empty() {
            let quotes = usize::from(form == Form::String);
            let inner = range.start + quotes..range.end.saturating_sub(quotes);
            let pieces: Vec<_> = pieces(bytes, hits, inner).collect();
            if !pieces.is_empty() {
                spots.push(Spot::raw(range, form, pieces));
            }
        }
    });
    spots
}

/// The action of the first field whose pointer leads to this value or to what holds it.
fn chosen(fields: &[Field], pointer: &str) -> Option<usize> {
    fields.iter().find_map(|field| match field {
        Field::Pointer(tokens, action) => {
            let mut here = pointer.split('/').skip(1);
            let fits = tokens.iter().all(|token| here.next().is_some_and(|name| token == "*" || token == name));
            fits.then_some(*action)
        }
        Field::Column(..) => None,
    })
}
