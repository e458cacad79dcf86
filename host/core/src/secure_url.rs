//! Secure URLs: a way in for somebody without an account, to fetch one transfer's payload or to hand in one more.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::digest::Digest;
use crate::id::{PartnerId, SecureUrlId, TransferId};
use crate::time::Timestamp;
use crate::viewer::{Role, Viewer};

/// After so many wrong passphrases in a row the URL opens for nobody any more.
pub const MAX_FAILURES: u32 = 10;
/// What the subject of whoever comes by a secure URL begins with; no issuer's token may bring such a subject.
pub const SUBJECT: &str = "secure-url:";

/// A secure URL as the store remembers it. Its token is not kept, only the token's digest.
#[derive(Debug, Clone, PartialEq)]
pub struct SecureUrl {
    /// Its id, which opens nothing.
    pub id: SecureUrlId,
    /// On whose behalf it opens: what it fetches that partner may fetch, what it hands in that partner sends.
    pub partner: PartnerId,
    /// What it is for.
    pub purpose: Purpose,
    /// Whether a passphrase is asked for.
    pub has_passphrase: bool,
    /// How many wrong passphrases came in a row.
    pub failures: u32,
    /// How often it may be used.
    pub max_uses: u32,
    /// How often it was.
    pub uses: u32,
    /// What it is for, in the words of who made it.
    pub note: String,
    /// Who made it, by the token's subject.
    pub author: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// What a secure URL is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Purpose {
    /// To fetch what the partner sees of a transfer: its source, if it sent it, else what was released to it.
    Download {
        /// Which transfer.
        transfer: TransferId,
    },
    /// To hand in a transfer for these receivers.
    Upload {
        /// For whom.
        receivers: Vec<PartnerId>,
    },
}

/// Whether a secure URL opens anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrlState {
    /// It does.
    Active,
    /// It was used as often as it may be.
    UsedUp,
    /// Its time is over.
    Expired,
    /// Too many wrong passphrases came.
    Locked,
    /// It was taken back.
    Revoked,
}

impl SecureUrl {
    /// Whether it opens anything at that moment. What a person did counts before what time did.
    pub fn state(&self, at: Timestamp) -> UrlState {
        if self.revoked_at.is_some() {
            UrlState::Revoked
        } else if self.failures >= MAX_FAILURES {
            UrlState::Locked
        } else if self.expires_at <= at {
            UrlState::Expired
        } else if self.uses >= self.max_uses {
            UrlState::UsedUp
        } else {
            UrlState::Active
        }
    }

    /// Who comes by it: the partner whose it is, under the URL's name.
    pub fn viewer(&self) -> Viewer {
        Viewer { subject: format!("{SUBJECT}{}", self.id), role: Role::Partner(self.partner) }
    }
}

/// What opens a secure URL, or the one download that a use of it began: 244 random bits in 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one.
    pub fn generate() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    /// Reads one; what has another form cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 64 && text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f'));
        digits.then(|| Self(text.to_owned()))
    }

    /// Under what the store knows it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The text, for the one answer in which it is told.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests;
