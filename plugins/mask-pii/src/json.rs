//! JSON: chosen members, and hits within strings, names and numbers.

use std::{borrow::Cow, ops::Range};

use lockgate_sdk::{
    Record,
    host::detect,
    json::{self, Kind, Scalar},
};

use crate::{
    Hit, hit,
    settings::{Field, Parts},
    spot::{Form, Piece, Spots},
};

pub(crate) fn find<'a>(parts: &Parts, record: &Record<'a>, mut hits: &[Hit], spots: &mut Spots<'a>) {
    let bytes = record.bytes();
    // Only an escape by number can hide a letter or digit from a detector that reads the bytes as they are.
    let hidden = |text: &[u8]| !parts.kinds.is_empty() && text.windows(2).any(|pair| pair == b"\\u");
    if parts.fields.is_empty() && hits.is_empty() && !hidden(bytes) {
        return;
    }
    json::scalars(bytes, |pointer, Scalar { range, kind }| {
        let form = if kind == Kind::Bare { Form::Bare } else { Form::String };
        let (scalar, end) = (&bytes[range.clone()], range.end);
        if let Some(action) = (kind != Kind::Name).then(|| chosen(&parts.fields, pointer)).flatten() {
            // That there is nothing is no secret, and a word keeps the member's type for who reads it.
            if !matches!(scalar, b"null" | b"\"\"") {
                spots.whole(record, range, form, json::text(scalar), action);
            }
        } else if form == Form::String && hidden(scalar) {
            let text = json::text(scalar).into_owned();
            let pieces: Vec<_> =
                detect::scan(&text, &parts.kinds).into_iter().map(|found| piece(&text, found)).collect();
            spots.decoded(record, range, form, text, pieces);
        } else {
            let quotes = usize::from(form == Form::String);
            let inner = range.start + quotes..range.end.saturating_sub(quotes);
            spots.raw(record, range, form, hit::pieces(record, hits, inner));
        }
        hits = &hits[hits.iter().take_while(|hit| hit.range.end <= end).count()..];
    });
}

/// A hit in text that was decoded for the search alone.
fn piece<'a>(text: &[u8], (action, range): (usize, Range<usize>)) -> Piece<'a> {
    Piece { value: Cow::Owned(text[range.clone()].to_vec()), range, action }
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
