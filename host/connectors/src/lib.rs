//! The code that speaks to destinations and notification channels.
//!
//! *Invariants:* everything that can happen is an answer; an answer never holds payload bytes, a receiver's body or a
//! secret; partners' addresses are reached through [`egress`] only, which checks what a name resolves to at the moment
//! of connecting and follows no redirect.
#![deny(missing_docs)]

mod answer;
mod config;
mod connectors;
pub mod egress;
mod file_name;
mod http;
mod kafka;
mod link;
mod s3;
mod secrets;
mod template;
pub mod webhook;

pub use config::{ConnectorsConfig, EgressConfig, InstallationKafka, InstallationS3};
pub use connectors::{Connectors, SetupError};
pub use kafka::{BrokerLogin, BrokerSecurity, BrokerTls};
