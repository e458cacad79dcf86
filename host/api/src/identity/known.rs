//! Tokens that were verified, so that a client that asks a thousand times has its signature checked once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use lockgate_core::digest::Digest;
use lockgate_core::viewer::Viewer;

use super::ring::VerifyingKey;

/// So many are remembered; some hundred bytes each.
const MOST: usize = 10_000;

/// What was found out about a token.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// The id by which its key was found.
    pub(super) kid: String,
    /// The key: a token is known for as long as the ring has this one.
    pub(super) key: Arc<VerifyingKey>,
    pub(super) viewer: Viewer,
    /// Until when it is good.
    pub(super) expires: SystemTime,
}

/// By the digests of the tokens. Only what was verified comes here, so nobody fills it who has no tokens.
#[derive(Debug, Default)]
pub(super) struct KnownTokens(Mutex<HashMap<Digest, Known>>);

impl KnownTokens {
    /// What is known of a token that is good now.
    pub(super) fn find(&self, token: &Digest, now: SystemTime) -> Option<Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(token)?;
        if now < found.expires {
            return Some(found.clone());
        }
        known.remove(token);
        None
    }

    /// Remembers a token; when there are too many, those that have expired are forgotten, or else all.
    pub(super) fn remember(&self, token: Digest, it: Known, now: SystemTime) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, it| now < it.expires);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(token, it);
    }
}

#[cfg(test)]
mod tests;
