//! What can stand against a redrive.

use crate::code::Code;
use crate::desk::DeskError;
use crate::id::RedriveId;
use crate::ports::StoreError;
use crate::redrive::IllegalRedrive;

/// The redrive was not started or moved; everything is as it was before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RedriverError {
    /// Not there, or not for these eyes.
    #[error("there is no redrive {0}")]
    Unknown(RedriveId),
    /// The role may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The reason is missing or too long.
    #[error(transparent)]
    Reason(DeskError),
    /// Not a pace.
    #[error("`perSecond` is {given}; give 1 to {fastest} deliveries a second and destination")]
    Pace {
        /// What was asked for.
        given: u32,
        /// The most.
        fastest: u32,
    },
    /// Nothing can lie in the range.
    #[error("`since` is not before `until`: nothing lies in between")]
    EmptyRange,
    /// A replay of everything that ever was.
    #[error("a replay needs `since`: say from when on deliveries are repeated")]
    EndlessReplay,
    /// A replay repeats what was delivered.
    #[error("a replay repeats the bytes that were delivered; only dead letters are judged again")]
    JudgedReplay,
    /// Not from this state.
    #[error(transparent)]
    Illegal(#[from] IllegalRedrive),
    /// It kept changing.
    #[error("{0} kept changing in the meantime; look again and repeat")]
    Contended(RedriveId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeskError> for RedriverError {
    fn from(error: DeskError) -> Self {
        Self::Reason(error)
    }
}

impl RedriverError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unknown(_) => Code::RedriveNotFound,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Reason(error) => error.code(),
            Self::Pace { .. } | Self::EmptyRange | Self::EndlessReplay | Self::JudgedReplay => Code::InvalidRedrive,
            Self::Illegal(_) => Code::IllegalMove,
            Self::Contended(_) => Code::ConcurrentChange,
            Self::Store(error) => error.code(),
        }
    }
}
