//! Routes: where a transfer is to go.

use serde::{Deserialize, Serialize};

use crate::id::PartnerId;

/// What a route plugin asked for: a receiver by id or slug and, maybe, one destination by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The receiver's id or slug.
    pub receiver: String,
    /// One destination's name; all active ones when absent.
    pub destination: Option<String>,
}

/// A route that was checked against the agreements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRoute {
    /// Who receives.
    pub receiver: PartnerId,
    /// The names of its destinations; empty means all active ones.
    pub destinations: Vec<String>,
}
