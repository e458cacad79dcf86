//! The Kafka bus that rings for work: publishing commands, and claiming what they name.
//!
//! *Invariants:* an offset is committed only after the store answered the claim; no thread of the async runtime waits
//! for librdkafka; Kafka may lose everything at any moment without a transfer being lost.
#![deny(missing_docs)]

mod client;
mod config;
mod envelope;
mod listener;
mod listening;
mod metrics;
mod nudges;
mod producer;
mod relay;
mod topic;

pub use config::BusConfig;
pub use listener::{Claimer, listen};
pub use listening::{ListenError, Listening};
pub use nudges::{NudgeRelay, hear_nudges};
pub use producer::KafkaBus;
pub use relay::Relay;
