//! What happens to a value.

use std::vec;

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

impl Action {
    /// Adds the masked bytes of one value; values must come in the order in which their tokens were fetched.
    pub(crate) fn mask(&self, value: &[u8], tokens: &mut Tokens, masked: &mut Vec<u8>) {
        match self {
            Self::KeepLast { count, with } => keep_last(value, *count, *with, masked),
            Self::Replace { with } => masked.extend_from_slice(with.as_bytes()),
            Self::Tokenize { scheme } => masked.extend(tokens.of(*scheme).next().unwrap_or_default()),
        }
    }
}

/// The tokens of a batch, each scheme's in the order of the pieces.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    opaque: vec::IntoIter<Vec<u8>>,
    digits: vec::IntoIter<Vec<u8>>,
}

impl Tokens {
    /// Asks the host, once for each scheme that is needed.
    pub(crate) fn fetch(actions: &[Action], pieces: &[Piece<'_>]) -> Self {
        let mut tokens = Self::default();
        for wanted in [Scheme::Opaque, Scheme::Digits] {
            let is_wanted = |action: &Action| matches!(action, Action::Tokenize { scheme } if *scheme == wanted);
            if !actions.iter().any(is_wanted) {
                continue;
            }
            let pieces = pieces.iter().filter(|piece| is_wanted(&actions[piece.action]));
            let values: Vec<_> = pieces.map(|piece| &*piece.value).collect();
            if !values.is_empty() {
                *tokens.of(wanted) = tokenize::tokens(&values, wanted).into_iter();
            }
        }
        tokens
    }

    fn of(&mut self, scheme: Scheme) -> &mut vec::IntoIter<Vec<u8>> {
        match scheme {
            Scheme::Opaque => &mut self.opaque,
            Scheme::Digits => &mut self.digits,
        }
    }
}

/// A value that is no longer than what may stay is hidden wholly.
fn keep_last(value: &[u8], count: usize, with: char, masked: &mut Vec<u8>) {
    let ascii = u8::try_from(with).ok().filter(|with| with.is_ascii() && value.is_ascii());
    if let Some(with) = ascii {
        return keep_last_ascii(value, count, with, masked);
    }
    let text = String::from_utf8_lossy(value);
    let length = text.chars().filter(|letter| letter.is_alphanumeric()).count();
    let hidden = if length <= count { length } else { length - count };
    let mut seen = 0;
    let hide = |letter: char| {
        seen += usize::from(letter.is_alphanumeric());
        if letter.is_alphanumeric() && seen <= hidden { with } else { letter }
    };
    masked.extend(text.chars().map(hide).collect::<String>().into_bytes());
}

/// The same where every character is one byte, as in numbers and addresses.
fn keep_last_ascii(value: &[u8], count: usize, with: u8, masked: &mut Vec<u8>) {
    let length = value.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let mut hidden = if length <= count { length } else { length - count };
    let hide = |&byte: &u8| {
        if hidden == 0 || !byte.is_ascii_alphanumeric() {
            return byte;
        }
        hidden -= 1;
        with
    };
    masked.extend(value.iter().map(hide));
}
