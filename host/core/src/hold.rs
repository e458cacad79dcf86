//! Holds: why something waits for a person, and what releasing it would do.

use serde::{Deserialize, Serialize};

use crate::id::PayloadId;
use crate::policy::Owner;
use crate::time::Timestamp;

/// A pending decision of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Why it waits.
    pub cause: HoldCause,
    /// Whose policy holds it, and so who may decide: the house's holds are the operator's.
    #[serde(default = "house")]
    pub by: Owner,
    /// One sentence for the person.
    pub explanation: String,
    /// What release does.
    pub on_release: OnRelease,
    /// When it is refused if nobody decided.
    #[serde(with = "::time::serde::rfc3339")]
    pub expires_at: Timestamp,
    /// The masked object that exists only for this hold: discarded when it is refused or judged again.
    #[serde(default)]
    pub object: Option<PayloadId>,
}

const fn house() -> Owner {
    Owner::House
}

/// Why something is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldCause {
    /// A finding of severity `hold`.
    Finding,
    /// A plugin failed and its failure mode says hold.
    Fault,
    /// A binding of the policy is quarantined.
    Quarantine,
    /// Three hosts died or gave up over it.
    Poison,
    /// No route was found and there is no default.
    Unrouted,
}

/// What releasing a hold does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnRelease {
    /// The very bytes that were judged go on, under the same revisions.
    Promote,
    /// No complete judgement exists: it is judged again by the revisions then active.
    JudgeAgain,
}
