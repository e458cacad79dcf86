//! What can be wrong with a transfer or an upload, and what to do about it.

use std::time::Duration;

use crate::code::Code;
use crate::id::{TransferId, UploadId};
use crate::ports::{CommitError, PayloadError, StoreError, UploadError};
use crate::quota::OverQuota;
use crate::state::IllegalMove;

/// Intake did not take something; everything is as it was before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IntakeError {
    /// The role does not send.
    #[error("a viewer in the role `{0}` does not send; use a token of the sending partner")]
    Forbidden(&'static str),
    /// The sender may not take part.
    #[error("the sending partner is suspended; ask the operator")]
    Suspended,
    /// Nobody is addressed.
    #[error("the transfer names no receiver; give at least one partner's id or slug")]
    NoReceivers,
    /// Too many are addressed.
    #[error("the transfer names {given} receivers, more than the {limit} allowed; split it")]
    TooManyReceivers {
        /// How many.
        given: usize,
        /// The limit.
        limit: usize,
    },
    /// No agreement. Whether there is such a partner is not said: strangers are nobody's business.
    #[error("there is no active agreement with `{receiver}`; check the name, or make an agreement first")]
    NoAgreement {
        /// The receiver as it was given.
        receiver: String,
    },
    /// The agreement is for other media types.
    #[error("the agreement with `{receiver}` does not admit `{media_type}`; it admits {admitted}")]
    MediaType {
        /// The receiver as it was given.
        receiver: String,
        /// What was to be sent.
        media_type: String,
        /// What may be sent.
        admitted: String,
    },
    /// Not a media type at all.
    #[error("`{0}` is not a media type; give one such as `text/csv`")]
    InvalidMediaType(String),
    /// Larger than agreed or than the installation takes.
    #[error("the payload has {size} bytes, more than the {limit} allowed; split it, or agree on more")]
    TooLarge {
        /// The announced size, or the least it can be.
        size: u64,
        /// What is allowed.
        limit: u64,
    },
    /// Not a file name.
    #[error("the file name cannot be used: {0}")]
    FileName(&'static str),
    /// Not an idempotency key.
    #[error("the idempotency key must have 1 to 200 printable ASCII characters")]
    IdempotencyKey,
    /// The key belongs to another input.
    #[error("the idempotency key was used for {transfer} with another input; use a new key for a new transfer")]
    IdempotencyConflict {
        /// The transfer of then.
        transfer: TransferId,
    },
    /// The secure URL was used up, expired or was taken back since it was looked at.
    #[error(
        "this URL opens nothing any more: it has just been used up, expired or was taken back; ask whoever sent it for a new one"
    )]
    UrlEnded,
    /// A quota is used up.
    #[error(
        "this goes beyond the quota `{}`: of {} are {} in use and it takes {}; {}, or ask the operator for more",
        .0.exceeded.bound.name(), .0.exceeded.limit, .0.exceeded.used, .0.exceeded.asked, remedy(.0.ends_in)
    )]
    OverQuota(OverQuota),
    /// No such upload, or somebody else's.
    #[error("there is no upload {0}")]
    Unknown(UploadId),
    /// Bytes for another place.
    #[error("the upload stands at offset {at}, not at {given}; go on from {at}")]
    Offset {
        /// Where it stands.
        at: u64,
        /// What was given.
        given: u64,
    },
    /// More bytes than announced.
    #[error(
        "the upload was announced with {length} bytes and these would make it {would_be}; ask with HEAD where it stands and send the bytes that it was announced with"
    )]
    TooLong {
        /// The announced length.
        length: u64,
        /// What it would become, or the least it can be.
        would_be: u64,
    },
    /// A length that contradicts what is known.
    #[error("the length {given} contradicts the upload, which {why}")]
    Length {
        /// What was given.
        given: u64,
        /// "was announced with 7 bytes", "already has 9 bytes".
        why: String,
    },
    /// The bytes are not those that the checksum was made of.
    #[error(
        "the bytes do not have the {algorithm} checksum sent with them; none was kept, send them again from offset {at}"
    )]
    Checksum {
        /// Which algorithm.
        algorithm: &'static str,
        /// Where the upload stands.
        at: u64,
    },
    /// Too late.
    #[error("the upload {0} was given up because no bytes came in time; announce the transfer again")]
    Expired(UploadId),
    /// Bytes that were acknowledged are not there any more.
    #[error(
        "bytes of the upload {0} that were acknowledged are gone from the payload store, where something else removed them, \
         so it cannot go on; end it with DELETE and announce the transfer again, or use a new idempotency key, and send all \
         its bytes; tell the operator"
    )]
    Lost(UploadId),
    /// Somebody else is at it.
    #[error("another request continued the upload {0}; ask for its offset and go on from there")]
    Busy(UploadId),
    /// Partial uploads that cannot be assembled.
    #[error("the uploads cannot be assembled: {0}")]
    Parts(String),
    /// A partial upload lacks bytes.
    #[error("the partial upload {id} stands at {at} bytes and is not complete; finish it first")]
    Unfinished {
        /// Which one.
        id: UploadId,
        /// Where it stands.
        at: u64,
    },
    /// Its bytes come from others.
    #[error("the upload {0} is assembled from partial ones and takes no bytes itself")]
    Assembled(UploadId),
    /// Nothing more to upload.
    #[error("the upload {0} is complete; to take the transfer back, cancel it")]
    Complete(UploadId),
    /// The sender's connection broke; what came before is kept, unless a checksum covered it.
    #[error("the connection broke after {kept} bytes of the upload were kept; go on from there: {cause}")]
    Interrupted {
        /// Where the upload stands.
        kept: u64,
        /// What broke.
        cause: String,
    },
    /// The host is short of memory and the upload was slow to use what it had; what came before is kept, unless a checksum
    /// covered it.
    #[error(
        "the host holds as many bytes of uploads in memory as it may; {kept} bytes of the upload are kept, go on from there \
         in {} s", .retry_after.as_secs()
    )]
    Crowded {
        /// Where the upload stands.
        kept: u64,
        /// When to go on.
        retry_after: Duration,
    },
    /// The host assembles as many as it may, and no more may wait for it.
    #[error(
        "the host assembles as many uploads as it may, and as many as may wait for it do; send the same request again in \
         {} s", .retry_after.as_secs()
    )]
    Queue {
        /// When to send it again.
        retry_after: Duration,
    },
    /// The transfer is past that.
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The payload store failed.
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

impl IntakeError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Forbidden(_) => Code::Forbidden,
            Self::Suspended => Code::PartnerSuspended,
            Self::NoReceivers => Code::NoReceivers,
            Self::TooManyReceivers { .. } => Code::TooManyReceivers,
            Self::NoAgreement { .. } => Code::NoAgreement,
            Self::MediaType { .. } => Code::MediaTypeNotAgreed,
            Self::InvalidMediaType(_) => Code::InvalidMediaType,
            Self::TooLarge { .. } => Code::PayloadTooLarge,
            Self::FileName(_) => Code::InvalidFileName,
            Self::IdempotencyKey => Code::InvalidIdempotencyKey,
            Self::IdempotencyConflict { .. } => Code::IdempotencyConflict,
            Self::UrlEnded => Code::SecureUrlEnded,
            Self::OverQuota(_) => Code::QuotaExceeded,
            Self::Unknown(_) => Code::UploadNotFound,
            Self::Offset { .. } => Code::UploadOffsetMismatch,
            Self::TooLong { .. } => Code::UploadTooLong,
            Self::Length { .. } => Code::UploadLengthConflict,
            Self::Checksum { .. } => Code::UploadChecksumMismatch,
            Self::Expired(_) => Code::UploadExpired,
            Self::Lost(_) => Code::UploadLost,
            Self::Busy(_) => Code::UploadBusy,
            Self::Parts(_) => Code::UploadMetadataInvalid,
            Self::Unfinished { .. } => Code::UploadUnfinished,
            Self::Assembled(_) => Code::UploadAssembled,
            Self::Complete(_) => Code::UploadComplete,
            Self::Interrupted { .. } => Code::UploadInterrupted,
            Self::Crowded { .. } | Self::Queue { .. } => Code::UploadsCrowded,
            Self::IllegalMove(_) => Code::IllegalMove,
            Self::Store(error) => error.code(),
            Self::Payload(error) => error.code(),
        }
    }
}

impl From<UploadError> for IntakeError {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Stale(id) => Self::Busy(id),
            UploadError::Unknown(id) => Self::Unknown(id),
            UploadError::Store(error) => Self::Store(error),
        }
    }
}

/// A lost race over the transfer is a busy upload to its sender.
pub(super) fn busy(error: CommitError, id: UploadId) -> IntakeError {
    match error {
        CommitError::Stale(_) => IntakeError::Busy(id),
        CommitError::Store(error) => IntakeError::Store(error),
    }
}

/// What helps against a quota that is used up.
fn remedy(ends_in: Option<Duration>) -> String {
    ends_in.map_or_else(
        || "wait until transfers that are kept are removed, end partial uploads that are not needed".to_owned(),
        |time| format!("wait {} s for the next day (UTC)", time.as_secs()),
    )
}
