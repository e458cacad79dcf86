//! What can stand against a secure URL, when it is made and when somebody comes by it.

use crate::code::Code;
use crate::fetching::FetchingError;
use crate::id::{SecureUrlId, TransferId};
use crate::ports::StoreError;
use crate::secure_url::UrlState;
use crate::time::{Timestamp, rfc3339};

/// Nothing was made or let through; everything is as it was before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PorterError {
    /// Not there, or not for these eyes.
    #[error("there is no secure URL {0}")]
    Unknown(SecureUrlId),
    /// No URL has that token.
    #[error("nothing is found under this URL; was it copied whole?")]
    NoSuchToken,
    /// It opens nothing any more.
    #[error("this URL opens nothing any more: it {}; ask whoever sent it for a new one", ended(*state, *expired_at))]
    Ended {
        /// Why.
        state: UrlState,
        /// When its time was over, or will be.
        expired_at: Timestamp,
    },
    /// The partner whose it is may not take part. Whoever comes by it is nobody to be told why.
    #[error("this URL opens nothing at present; ask whoever sent it")]
    Closed,
    /// It is for the other direction; nothing was used.
    #[error("{0}")]
    Purpose(&'static str),
    /// A passphrase is needed.
    #[error("this URL opens with its passphrase; ask whoever sent it")]
    PassphraseRequired,
    /// Another passphrase is needed.
    #[error("that is not the passphrase; after {left} more wrong ones the URL opens for nobody any more")]
    PassphraseWrong {
        /// How many tries are left.
        left: u32,
    },
    /// The role may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The partner that would make it may not take part.
    #[error("the partner is suspended; ask the operator")]
    Suspended,
    /// There is nothing to fetch.
    #[error("there is no released payload of {0} that you may fetch")]
    NoPayload(TransferId),
    /// A field is out of range.
    #[error("{0}")]
    Invalid(String),
    /// No agreement, or nobody of that name.
    #[error("there is no active agreement with `{receiver}`")]
    NoAgreement {
        /// Whom it named.
        receiver: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn ended(state: UrlState, expired_at: Timestamp) -> String {
    match state {
        UrlState::Active => "is being used up at this moment".to_owned(),
        UrlState::UsedUp => "was used as often as it may be".to_owned(),
        UrlState::Expired => format!("expired at {}", rfc3339(expired_at)),
        UrlState::Locked => "was locked after too many wrong passphrases".to_owned(),
        UrlState::Revoked => "was taken back".to_owned(),
    }
}

impl PorterError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unknown(_) | Self::NoSuchToken => Code::SecureUrlNotFound,
            Self::Ended { .. } | Self::Closed => Code::SecureUrlEnded,
            Self::Purpose(_) => Code::MethodNotAllowed,
            Self::PassphraseRequired | Self::PassphraseWrong { .. } => Code::PassphraseRequired,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Suspended => Code::PartnerSuspended,
            Self::NoPayload(_) => Code::PayloadNotFound,
            Self::Invalid(_) => Code::InvalidSecureUrl,
            Self::NoAgreement { .. } => Code::NoAgreement,
            Self::Store(error) => error.code(),
        }
    }
}

impl From<FetchingError> for PorterError {
    fn from(error: FetchingError) -> Self {
        match error {
            FetchingError::Suspended => Self::Suspended,
            FetchingError::Store(error) => Self::Store(error),
        }
    }
}
