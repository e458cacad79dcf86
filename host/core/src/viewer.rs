//! Viewers: who asks. Every read and every use case of a person takes one.

use serde::{Deserialize, Serialize};

use crate::id::PartnerId;

/// Who asks, and in which role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The token's subject, for provenance.
    pub subject: String,
    /// In which role.
    pub role: Role,
}

/// The roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "role", content = "partner")]
pub enum Role {
    /// Sends, receives and asks for one partner.
    Partner(PartnerId),
    /// Publishes plugins and policies for one partner, and sees that partner's side.
    Integrator(PartnerId),
    /// Runs the installation and sees all of it.
    Operator,
}

impl Role {
    /// The partner for whom the viewer acts, unless it is an operator.
    pub const fn partner(self) -> Option<PartnerId> {
        match self {
            Self::Partner(partner) | Self::Integrator(partner) => Some(partner),
            Self::Operator => None,
        }
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partner(_) => "partner",
            Self::Integrator(_) => "integrator",
            Self::Operator => "operator",
        }
    }
}
