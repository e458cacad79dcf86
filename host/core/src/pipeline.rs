//! The pipeline: what a host does with what it claimed. It reads like the life of a transfer: judged on the sender's
//! side, routed, judged on each receiver's side, delivered, told.

mod orders;

use std::sync::Arc;
use std::time::Duration;

use crate::claim::Claim;
use crate::ports::{Connector, Messenger, PayloadStore, PluginRunner, TransferStore};
use crate::retry::{Chance, RetrySchedule};
use crate::time::Clock;
use crate::trace::Tracer;

pub(crate) use orders::orders;

/// The installation's terms for the pipeline.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// The pauses between attempts of a delivery.
    pub deliveries: RetrySchedule,
    /// The pauses between attempts of a notification's message.
    pub notifications: RetrySchedule,
    /// How long a held thing waits for a person.
    pub hold_lifetime: Duration,
    /// After how many refusals reading stops.
    pub refusals: u64,
    /// How soon a host may try again what it gave back for its own troubles.
    pub relinquish: Duration,
    /// How soon a delivery is looked at again that must let an earlier one pass.
    pub postpone: Duration,
}

impl Default for PipelineSettings {
    fn default() -> Self {
        Self {
            deliveries: RetrySchedule::default(),
            notifications: RetrySchedule::default(),
            hold_lifetime: Duration::from_secs(7 * 24 * 60 * 60),
            refusals: 100,
            relinquish: Duration::from_secs(2),
            postpone: Duration::from_secs(1),
        }
    }
}

/// The ports that the pipeline works over.
#[derive(Debug, Clone)]
pub struct PipelinePorts {
    /// The truth.
    pub store: Arc<dyn TransferStore>,
    /// The bytes.
    pub payloads: Arc<dyn PayloadStore>,
    /// The plugins.
    pub runner: Arc<dyn PluginRunner>,
    /// The destinations.
    pub connector: Arc<dyn Connector>,
    /// The notification channels.
    pub messenger: Arc<dyn Messenger>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The traces.
    pub tracer: Arc<dyn Tracer>,
    /// The spread of retries.
    pub chance: Arc<dyn Chance>,
}

/// Works on claims.
#[derive(Debug, Clone)]
pub struct Pipeline {
    ports: PipelinePorts,
    settings: PipelineSettings,
}

/// How work on a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkEnd {
    /// Its result is committed.
    Done,
    /// Somebody else moved on first; what was done here is dropped.
    Stale,
    /// The host or a service could not; the claim was given back already, and anybody may adopt it `after` that time.
    Retry {
        /// How soon.
        after: Duration,
        /// What was the matter, for the log.
        why: String,
    },
}

impl Pipeline {
    /// A pipeline over these ports.
    pub const fn new(ports: PipelinePorts, settings: PipelineSettings) -> Self {
        Self { ports, settings }
    }

    /// Works on one claim to its end and commits the result.
    pub async fn work(&self, claim: Claim) -> WorkEnd {
        let after = self.settings.relinquish;
        let why = match self.ports.store.relinquish(&claim, after).await {
            Ok(()) => "no road is built for this work yet".to_owned(),
            Err(error) => error.to_string(),
        };
        WorkEnd::Retry { after, why }
    }
}
