//! Policies: ordered bindings of the house and of partners, in immutable numbered revisions.

use serde::{Deserialize, Serialize};

use crate::framing::Framing;
use crate::hook::{FailureMode, Hook};
use crate::id::{BindingId, PartnerId, PolicyId, RevisionId};
use crate::limits::Limits;
use crate::media;
use crate::notification::EventKind;
use crate::plugin::{CapabilityName, PluginDigest};
use crate::time::Timestamp;

/// Whose policy, plugin or secret it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "partner")]
pub enum Owner {
    /// The installation; its policy stands above all partners'.
    House,
    /// One partner.
    Partner(PartnerId),
}

impl Owner {
    /// The word for the house where an owner is named by text; no partner may be called so.
    pub const HOUSE: &str = "house";

    /// The partner, unless it is the house.
    pub const fn partner(self) -> Option<PartnerId> {
        match self {
            Self::House => None,
            Self::Partner(partner) => Some(partner),
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::House => f.write_str(Self::HOUSE),
            Self::Partner(partner) => partner.fmt(f),
        }
    }
}

/// The two sides of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// What is accepted from the partner.
    Inbound,
    /// What is let out to the partner.
    Outbound,
}

/// An owner's policy for one side; exists once per owner and side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// Whose.
    pub owner: Owner,
    /// For which side.
    pub side: Side,
}

/// An immutable, numbered snapshot of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Revision {
    /// Its id.
    pub id: RevisionId,
    /// Of which policy.
    pub policy: PolicyId,
    /// Whose policy.
    pub owner: Owner,
    /// For which side.
    pub side: Side,
    /// Its number within the policy, from 1.
    pub number: u32,
    /// How far it is on its way to be active.
    pub rollout: Rollout,
    /// What runs, in order.
    pub bindings: Vec<Binding>,
    /// Why it was made.
    pub note: String,
    /// Who made it.
    pub author: String,
    /// When it was published.
    pub created_at: Timestamp,
    /// When it became active.
    pub activated_at: Option<Timestamp>,
}

/// How a revision becomes active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollout {
    /// Published, not used.
    Draft,
    /// Runs beside the active one, recorded and never enforced.
    Shadow,
    /// Judges a share of the transfers.
    Canary,
    /// Judges.
    Active,
    /// Was active once.
    Retired,
}

/// The revision that judges a transfer or consignment, picked once and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RevisionPin {
    /// Whose policy.
    pub owner: Owner,
    /// The revision.
    pub revision: RevisionId,
    /// Its number, for people.
    pub number: u32,
}

/// "This plugin version, on this hook, with these settings, framing, capabilities, limits and failure mode."
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// Its id; a new one in every revision.
    pub id: BindingId,
    /// Its name, unique within the revision; findings begin with it.
    pub name: String,
    /// Where it runs.
    pub hook: Hook,
    /// What runs.
    pub plugin: PluginDigest,
    /// Whose binding: decides over keys, tables and queue.
    pub owner: Owner,
    /// The plugin's settings, a JSON object.
    pub settings: serde_json::Value,
    /// How the payload is cut for it.
    pub framing: Framing,
    /// What it may use.
    pub grants: Vec<Grant>,
    /// How much it may use.
    pub limits: Limits,
    /// What follows when it faults.
    pub failure_mode: FailureMode,
    /// The declared media types of the payloads that it judges, `text/csv` or `image/*`; empty means all. Agreements say
    /// which types may be declared at all.
    #[serde(default)]
    pub media_types: Vec<String>,
    /// The events for which a notify binding composes; empty means all.
    #[serde(default)]
    pub events: Vec<EventKind>,
}

impl Binding {
    /// Whether it judges payloads of that declared media type.
    pub fn applies_to(&self, media_type: &str) -> bool {
        self.media_types.is_empty() || self.media_types.iter().any(|wanted| media::fits(wanted, media_type))
    }

    /// Whether it composes messages about such events.
    pub fn tells_of(&self, kind: EventKind) -> bool {
        self.hook == Hook::Notify && kind.is_among(&self.events)
    }
}

/// One thing that a binding lets its plugin use.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "capability", deny_unknown_fields)]
pub enum Grant {
    /// The detectors.
    Detect,
    /// Tokens under the owner's key.
    Tokenize,
    /// These tables of the owner.
    Lookup {
        /// The tables' names.
        tables: Vec<String>,
    },
}

impl Grant {
    /// The capability that is granted.
    pub const fn capability(&self) -> CapabilityName {
        match self {
            Self::Detect => CapabilityName::Detect,
            Self::Tokenize => CapabilityName::Tokenize,
            Self::Lookup { .. } => CapabilityName::Lookup,
        }
    }
}
