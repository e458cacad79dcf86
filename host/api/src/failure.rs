//! Failures: every error on its way out, as a public code and a sentence. What is our fault keeps its details inside.

use std::time::Duration;

use lockgate_core::code::Code;
use lockgate_core::desk::DeskError;
use lockgate_core::id::InvalidId;
use lockgate_core::intake::IntakeError;
use lockgate_core::porter::PorterError;
use lockgate_core::ports::{PayloadError, StoreError};
use lockgate_core::rate::{RateLimited, Standing};
use lockgate_core::redriver::RedriverError;
use lockgate_core::registrar::RegistrarError;

/// An error of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// For programs.
    pub(crate) code: Code,
    /// For people, if it is theirs to mend; for our log otherwise.
    pub(crate) message: String,
    /// Where an upload really stands, where that is what was wrong.
    pub(crate) offset: Option<u64>,
    /// Which limit was reached and how long to wait, where that is what was wrong.
    pub(crate) standing: Option<Standing>,
    /// How long to wait before asking again, where waiting helps.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), offset: None, standing: None, retry_after: None }
    }

    /// A rate limit is reached.
    pub(crate) fn limited(standing: Standing, message: String) -> Self {
        Self { standing: Some(standing), retry_after: Some(standing.reset), ..Self::new(Code::RateLimited, message) }
    }

    /// The same answer for what does not exist and for what the viewer may not see.
    pub(crate) fn unseen(code: Code) -> Self {
        Self::new(code, code.meaning())
    }

    /// Whether the cause lies on our side, so that only the code and the trace id may leave.
    pub(crate) const fn is_ours(&self) -> bool {
        self.code.status() >= 500
    }

    /// What a caller may read.
    pub(crate) fn public_message(&self) -> &str {
        if self.is_ours() { self.code.meaning() } else { &self.message }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.public_message())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<PayloadError> for Failure {
    fn from(error: PayloadError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<InvalidId> for Failure {
    fn from(error: InvalidId) -> Self {
        Self::new(Code::InvalidId, error.to_string())
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        let offset = match &error {
            IntakeError::Offset { at, .. } | IntakeError::Checksum { at, .. } => Some(*at),
            IntakeError::Interrupted { kept, .. } | IntakeError::Crowded { kept, .. } => Some(*kept),
            _ => None,
        };
        let retry_after = match &error {
            IntakeError::OverQuota(over) => over.ends_in,
            IntakeError::Crowded { retry_after, .. }
            | IntakeError::Queue { retry_after }
            | IntakeError::Payload(PayloadError::Crowded { retry_after }) => Some(*retry_after),
            _ => None,
        };
        Self { offset, retry_after, ..Self::new(error.code(), error.to_string()) }
    }
}

impl From<RateLimited> for Failure {
    fn from(error: RateLimited) -> Self {
        Self::limited(error.0, error.to_string())
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<PorterError> for Failure {
    fn from(error: PorterError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<RedriverError> for Failure {
    fn from(error: RedriverError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<RegistrarError> for Failure {
    fn from(error: RegistrarError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
