//! The claims of a token, read strictly: a claim of a wrong type is a forged token.

use lockgate_core::id::PartnerId;
use lockgate_core::secure_url::SUBJECT;
use lockgate_core::viewer::{Role, Viewer};
use serde::{Deserialize, Serialize};

/// What a token says. Times are whole seconds since 1970; anything else is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom it is meant: one name or some.
    pub aud: Audience,
    /// Who bears it; named in provenance.
    pub sub: String,
    /// When it ends.
    pub exp: u64,
    /// When it begins.
    pub nbf: u64,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iat: Option<u64>,
    /// `partner`, `integrator` or `operator`.
    pub lockgate_role: String,
    /// For which partner; absent for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lockgate_partner: Option<PartnerId>,
}

/// One audience or some.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Some.
    Some(Vec<String>),
}

/// Longer subjects would bloat provenance.
const LONGEST_SUBJECT: usize = 200;

impl Claims {
    /// The viewer, if role, partner and subject make sense together.
    pub(super) fn viewer(self) -> Option<Viewer> {
        let role = match (self.lockgate_role.as_str(), self.lockgate_partner) {
            ("partner", Some(partner)) => Role::Partner(partner),
            ("integrator", Some(partner)) => Role::Integrator(partner),
            ("operator", None) => Role::Operator,
            _ => return None,
        };
        let sound = !self.sub.is_empty()
            && self.sub.len() <= LONGEST_SUBJECT
            && !self.sub.starts_with(SUBJECT)
            && !self.sub.chars().any(char::is_control)
            && self.nbf <= self.exp;
        sound.then_some(Viewer { subject: self.sub, role })
    }
}
