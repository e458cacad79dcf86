//! Who claims what Kafka rang for: a store, in the name of one host.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use lockgate_core::claim::Claim;
use lockgate_core::command::RungCommand;
use lockgate_core::id::HostId;
use lockgate_core::ports::{StoreError, TransferStore};

/// Claims what commands name; the one thing that the listener asks of the truth.
#[async_trait]
pub trait Claimer: Send + Sync + Debug {
    /// Claims what is still at its command's version.
    async fn claim(&self, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError>;
}

/// Claims in the name of a host.
#[derive(Debug, Clone)]
pub struct HostClaimer {
    /// Where.
    pub store: Arc<dyn TransferStore>,
    /// For whom.
    pub host: HostId,
}

#[async_trait]
impl Claimer for HostClaimer {
    async fn claim(&self, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError> {
        self.store.claim(self.host, commands).await
    }
}
