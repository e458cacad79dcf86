//! Faults: a plugin failed to answer. A fault is data; the binding's failure mode says what follows.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Which limit was broken, by how much; or how else the plugin failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fault {
    /// The guest trapped (`unreachable`, division by zero, out of bounds, ...).
    #[error("the plugin trapped: {message}")]
    Trap {
        /// The engine's word for it.
        message: String,
    },
    /// The wall-clock deadline passed, host calls included.
    #[error("the plugin gave no answer within {limit:?} (stopped after {after:?})")]
    Deadline {
        /// The binding's limit.
        limit: Duration,
        /// When it was stopped.
        after: Duration,
    },
    /// The CPU budget was used up.
    #[error("the plugin used {used:?} of CPU time, more than its {limit:?}")]
    Cpu {
        /// The budget of the call.
        limit: Duration,
        /// What was used.
        used: Duration,
    },
    /// Memory beyond the limit was asked for.
    #[error("the plugin asked for {wanted} bytes of memory, more than its {limit}")]
    Memory {
        /// The limit in bytes.
        limit: u64,
        /// What was asked for in bytes.
        wanted: u64,
    },
    /// A table beyond the limit was asked for.
    #[error("the plugin asked for a table of {wanted} elements, more than its {limit}")]
    Table {
        /// The limit in elements.
        limit: u64,
        /// What was asked for.
        wanted: u64,
    },
    /// The call stack overflowed.
    #[error("the plugin overflowed its stack of {limit} bytes")]
    Stack {
        /// The limit in bytes.
        limit: u64,
    },
    /// An answer was larger than allowed.
    #[error("the plugin answered with {was} bytes, more than its {limit}")]
    Output {
        /// The limit in bytes.
        limit: u64,
        /// The answer's size in bytes, or the least it can be.
        was: u64,
    },
    /// Too many edits in one answer.
    #[error("the plugin answered with {was} edits, more than its {limit}")]
    Edits {
        /// The limit.
        limit: u64,
        /// How many came.
        was: u64,
    },
    /// Too many findings in one answer.
    #[error("the plugin answered with {was} findings, more than its {limit}")]
    Findings {
        /// The limit.
        limit: u64,
        /// How many came.
        was: u64,
    },
    /// Too much was logged.
    #[error("the plugin logged {was} bytes, more than its {limit}")]
    Log {
        /// The limit in bytes.
        limit: u64,
        /// How much came.
        was: u64,
    },
    /// Too many host calls.
    #[error("the plugin made {was} host calls, more than its {limit}")]
    HostCalls {
        /// The limit.
        limit: u64,
        /// How many were made.
        was: u64,
    },
    /// The answer breaks the contract (edits that overlap, a `keep` without progress, ...).
    #[error("the plugin broke the contract: {message}")]
    Contract {
        /// What is wrong with the answer.
        message: String,
    },
    /// `configure` refused the settings, though publishing had accepted them.
    #[error("the plugin refused its settings: {message}")]
    Configure {
        /// What it said.
        message: String,
    },
}

impl Fault {
    /// The kind as one word, for metrics and codes.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Trap { .. } => "trap",
            Self::Deadline { .. } => "deadline",
            Self::Cpu { .. } => "cpu",
            Self::Memory { .. } => "memory",
            Self::Table { .. } => "table",
            Self::Stack { .. } => "stack",
            Self::Output { .. } => "output",
            Self::Edits { .. } => "edits",
            Self::Findings { .. } => "findings",
            Self::Log { .. } => "log",
            Self::HostCalls { .. } => "host-calls",
            Self::Contract { .. } => "contract",
            Self::Configure { .. } => "configure",
        }
    }
}
