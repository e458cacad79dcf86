//! Who claims what Kafka rang for; the server implements it over the store, in the name of its host.

use std::fmt::Debug;

use async_trait::async_trait;
use lockgate_core::claim::Claim;
use lockgate_core::command::RungCommand;
use lockgate_core::ports::StoreError;

/// Claims what commands name; the one thing that the listener asks of the truth.
#[async_trait]
pub trait Claimer: Send + Sync + Debug {
    /// Claims what is still at its command's version.
    async fn claim(&self, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError>;
}
