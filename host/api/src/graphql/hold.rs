//! Holds in GraphQL: why something waits for a person.

use async_graphql::{Enum, SimpleObject};
use lockgate_core::hold as core;
use lockgate_core::time::Timestamp;

/// Why something waits for a person, and what letting it go would do.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct Hold {
    /// Why it waits.
    cause: HoldCause,
    /// One sentence for the person.
    explanation: String,
    /// What releasing it does.
    on_release: OnRelease,
    /// When it is refused if nobody decided.
    expires_at: Timestamp,
}

impl From<core::Hold> for Hold {
    fn from(hold: core::Hold) -> Self {
        Self {
            cause: hold.cause.into(),
            explanation: hold.explanation,
            on_release: hold.on_release.into(),
            expires_at: hold.expires_at,
        }
    }
}

/// Why something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::HoldCause")]
pub(super) enum HoldCause {
    /// A finding says that a person must look.
    Finding,
    /// A plugin failed to answer, and its failure mode says hold.
    Fault,
    /// A binding failed so often that it is quarantined.
    Quarantine,
    /// Three hosts gave up over it.
    Poison,
    /// No route was found.
    Unrouted,
}

/// What releasing a hold does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::OnRelease")]
pub(super) enum OnRelease {
    /// The very bytes that were judged go on, under the same revisions.
    Promote,
    /// It is judged again by the revisions then active.
    JudgeAgain,
}
