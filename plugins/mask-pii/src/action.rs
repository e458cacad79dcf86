//! What happens to a value.

use lockgate_sdk::host::tokenize::{self, Scheme};
use serde::Deserialize;

use crate::spot::Piece;

/// What happens to a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Letters and digits become a character, but for the last ones; what stands between them stays.
    KeepLast {
        count: usize,
        #[serde(default = "star")]
        with: char,
    },
    /// Becomes a fixed text.
    Replace { with: String },
    /// Becomes a token.
    Tokenize { scheme: Scheme },
}

fn star() -> char {
    '*'
}

/// The masked bytes of all pieces, in their order, with one host call for each scheme of tokens.
pub(crate) fn mask_all<'a>(actions: &[Action], pieces: impl Iterator<Item = &'a Piece>) -> Vec<Vec<u8>> {
    let mut masked = Vec::new();
    // Values that wait for their tokens, each with its place in the answer.
    let mut waiting = [(Scheme::Opaque, Vec::new(), Vec::new()), (Scheme::Digits, Vec::new(), Vec::new())];
    for piece in pieces {
        let value = match &actions[piece.action] {
            Action::KeepLast { count, with } => keep_last(&piece.value, *count, *with),
            Action::Replace { with } => with.clone().into_bytes(),
            Action::Tokenize { scheme } => {
                for (_, values, places) in waiting.iter_mut().filter(|(other, ..)| other == scheme) {
                    values.push(&piece.value[..]);
                    places.push(masked.len());
                }
                Vec::new()
            }
        };
        masked.push(value);
    }
    for (scheme, values, places) in waiting.iter().filter(|(_, values, _)| !values.is_empty()) {
        for (place, token) in places.iter().zip(tokenize::tokens(values, *scheme)) {
            masked[*place] = token;
        }
    }
    masked
}

/// A value that is no longer than what may stay is hidden wholly.
fn keep_last(value: &[u8], count: usize, with: char) -> Vec<u8> {
    if value.is_ascii()
        && with.is_ascii()
        && let Ok(with) = u8::try_from(with)
    {
        return keep_last_ascii(value, count, with);
    }
    let text = String::from_utf8_lossy(value);
    let length = text.chars().filter(|letter| letter.is_alphanumeric()).count();
    let hidden = if length <= count { length } else { length - count };
    let mut seen = 0;
    let hide = |letter: char| {
        seen += usize::from(letter.is_alphanumeric());
        if letter.is_alphanumeric() && seen <= hidden { with } else { letter }
    };
    text.chars().map(hide).collect::<String>().into_bytes()
}

/// The same where every character is one byte, as in numbers and addresses.
fn keep_last_ascii(value: &[u8], count: usize, with: u8) -> Vec<u8> {
    let length = value.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let mut hidden = if length <= count { length } else { length - count };
    let hide = |&byte: &u8| {
        if hidden == 0 || !byte.is_ascii_alphanumeric() {
            return byte;
        }
        hidden -= 1;
        with
    };
    value.iter().map(hide).collect()
}
