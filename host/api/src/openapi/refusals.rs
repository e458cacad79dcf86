//! Why an operation may be refused: groups of codes, for operations share most of them.

use lockgate_core::code::Code;

/// What may be wrong with an announcement.
pub(super) const ANNOUNCED: &[Code] = &[
    Code::InvalidFileName,
    Code::InvalidMediaType,
    Code::PartnerSuspended,
    Code::NoAgreement,
    Code::MediaTypeNotAgreed,
    Code::PayloadTooLarge,
    Code::QuotaExceeded,
];
/// What may be wrong with what its sender may choose, where the caller is the sender.
pub(super) const CHOSEN: &[Code] = &[
    Code::InvalidIdempotencyKey,
    Code::NoReceivers,
    Code::TooManyReceivers,
    Code::Forbidden,
    Code::IdempotencyConflict,
];
/// What may be wrong with a body of bytes.
pub(super) const BROUGHT: &[Code] = &[Code::UploadInterrupted, Code::UploadTooLong, Code::UploadsCrowded];
/// What may be wrong with how tus is spoken.
pub(super) const SPOKEN: &[Code] = &[
    Code::UploadMetadataInvalid,
    Code::UploadChecksumUnsupported,
    Code::UploadChecksumMismatch,
    Code::TusVersionUnsupported,
];
/// What may be wrong with an upload that is addressed.
pub(super) const ADDRESSED: &[Code] = &[Code::UploadNotFound, Code::UploadExpired, Code::TusVersionUnsupported];
/// What may be wrong with going on with bytes that came before.
pub(super) const WENT_ON: &[Code] = &[Code::UploadBusy, Code::UploadLost];
/// What may be wrong with where bytes continue an upload.
pub(super) const CONTINUED: &[Code] =
    &[Code::PartnerSuspended, Code::UploadOffsetMismatch, Code::UploadLengthConflict, Code::UnsupportedMediaType];
/// Why a secure URL is not there, or not any more.
pub(super) const OPENED: &[Code] = &[Code::SecureUrlNotFound, Code::SecureUrlEnded];
/// Why a use of it is refused.
pub(super) const USED: &[Code] = &[Code::PassphraseRequired, Code::MethodNotAllowed];
/// What may be wrong with a form.
pub(super) const FORM: &[Code] = &[Code::InvalidInput, Code::RequestTooLarge];
