//! Hooks: the four places where plugins run.

use serde::{Deserialize, Serialize};

/// Where a plugin runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// Judges a payload.
    Validate,
    /// Changes a payload by edits.
    Mask,
    /// Chooses among agreed receivers.
    Route,
    /// Turns events into messages.
    Notify,
}

impl Hook {
    /// All hooks, in the order in which a transfer meets them.
    pub const ALL: [Self; 4] = [Self::Validate, Self::Mask, Self::Route, Self::Notify];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Mask => "mask",
            Self::Route => "route",
            Self::Notify => "notify",
        }
    }
}

/// What follows when a binding's plugin faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureMode {
    /// The transfer or consignment is rejected.
    Reject,
    /// It waits for a person.
    Hold,
    /// The binding is passed over and a note says so.
    Skip,
    /// The receivers that the sender addressed are used.
    Default,
}

impl FailureMode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reject => "reject",
            Self::Hold => "hold",
            Self::Skip => "skip",
            Self::Default => "default",
        }
    }

    /// Whether a binding on that hook may have this mode. A masker can never be skipped: unmasked data would leave.
    pub const fn fits(self, hook: Hook) -> bool {
        matches!(
            (hook, self),
            (Hook::Validate, Self::Reject | Self::Hold | Self::Skip)
                | (Hook::Mask, Self::Reject | Self::Hold)
                | (Hook::Route, Self::Hold | Self::Default)
                | (Hook::Notify, Self::Skip)
        )
    }
}
