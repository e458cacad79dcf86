//! The bus: rings hosts for work. It may forget; Postgres remembers.

use async_trait::async_trait;

use crate::command::Command;

/// Publishes commands.
#[async_trait]
pub trait TransferBus: Send + Sync + std::fmt::Debug {
    /// Publishes the commands in order per key and returns once all are acknowledged by the brokers.
    async fn publish(&self, commands: &[Command]) -> Result<(), BusError>;
}

/// The bus did not take the commands; they stay in the outbox.
#[derive(Debug, thiserror::Error)]
#[error("Kafka did not take the commands: {0}")]
pub struct BusError(pub String);
