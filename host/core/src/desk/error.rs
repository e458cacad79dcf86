//! What can stand against a person's move.

use crate::code::Code;
use crate::command::Work;
use crate::id::DestinationId;
use crate::ports::StoreError;
use crate::state::IllegalMove;

/// The move was not made; everything is as it was before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeskError {
    /// Not there, or not for these eyes.
    #[error("there is no {kind} {0}", kind = .0.kind())]
    Unknown(Work),
    /// Seen, but somebody else's to decide.
    #[error("{work} {why}")]
    Forbidden {
        /// What was to be moved.
        work: Work,
        /// Who may, as the rest of a sentence: "is held by the house's policy; only an operator decides".
        why: &'static str,
    },
    /// No reason given.
    #[error("a decision needs a reason; say why in a sentence")]
    ReasonRequired,
    /// Too long a reason.
    #[error("the reason has {given} characters, more than the 500 allowed")]
    ReasonTooLong {
        /// How many.
        given: usize,
    },
    /// Not from this state.
    #[error(transparent)]
    IllegalMove(#[from] IllegalMove),
    /// Sent again, it would only wait there.
    #[error(
        "the destination `{name}` ({id}) is disabled{}; enable it first (`updateDestination` with `status: ACTIVE`), then redrive",
        .why.as_deref().map(|why| format!(": {why}")).unwrap_or_default()
    )]
    Disabled {
        /// Which destination.
        id: DestinationId,
        /// Its name.
        name: String,
        /// Why it is, where somebody said so.
        why: Option<String>,
    },
    /// It kept changing.
    #[error("{0} kept changing in the meantime; look again and repeat")]
    Contended(Work),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DeskError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unknown(Work::Transfer(_) | Work::Notification(_)) => Code::TransferNotFound,
            Self::Unknown(Work::Consignment(_)) => Code::ConsignmentNotFound,
            Self::Unknown(Work::Delivery(_)) => Code::DeliveryNotFound,
            Self::Forbidden { .. } => Code::Forbidden,
            Self::ReasonRequired => Code::ReasonRequired,
            Self::ReasonTooLong { .. } => Code::ReasonTooLong,
            Self::IllegalMove(_) => Code::IllegalMove,
            Self::Disabled { .. } => Code::DestinationDisabled,
            Self::Contended(_) => Code::ConcurrentChange,
            Self::Store(error) => error.code(),
        }
    }
}
