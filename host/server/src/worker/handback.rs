//! Hands claims back that this host does not finish, and remembers those that the database could not take back yet.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use lockgate_core::claim::Claim;
use lockgate_core::ports::{Blame, TransferStore};

/// How many claims are handed back at the same time.
const AT_ONCE: usize = 8;

/// Claims on their way back.
#[derive(Debug)]
pub(crate) struct Handback {
    store: Arc<dyn TransferStore>,
    kept: Vec<(Claim, Duration, Blame)>,
}

impl Handback {
    /// Nothing to hand back yet.
    pub(crate) fn new(store: Arc<dyn TransferStore>) -> Self {
        Self { store, kept: vec![] }
    }

    /// Hands a claim back now, or later if the database does not answer.
    pub(crate) async fn give(&mut self, claim: Claim, after: Duration, blame: Blame) {
        if let Err(error) = self.store.relinquish(&claim, after, blame).await {
            tracing::warn!(work = %claim.aggregate.work(), error = %error, "A claim could not be handed back yet.");
            self.keep(claim, after, blame);
        }
    }

    /// Hands back what was not begun, some at a time.
    pub(crate) async fn give_all(&mut self, claims: Vec<Claim>) {
        let store = Arc::clone(&self.store);
        let given = stream::iter(claims).map(|claim| {
            let store = Arc::clone(&store);
            async move {
                let given = store.relinquish(&claim, Duration::ZERO, Blame::Nobody).await;
                (claim, given)
            }
        });
        let mut given = given.buffer_unordered(AT_ONCE);
        while let Some((claim, given)) = given.next().await {
            if let Err(error) = given {
                tracing::warn!(work = %claim.aggregate.work(), error = %error, "A claim could not be handed back yet.");
                self.keep(claim, Duration::ZERO, Blame::Nobody);
            }
        }
    }

    /// Remembers a claim for the next try.
    pub(crate) fn keep(&mut self, claim: Claim, after: Duration, blame: Blame) {
        self.kept.push((claim, after, blame));
    }

    /// Tries again what failed before, each: a claim that is not taken for a reason of its own keeps no other waiting.
    pub(crate) async fn retry(&mut self) {
        for (claim, after, blame) in std::mem::take(&mut self.kept) {
            if let Err(error) = self.store.relinquish(&claim, after, blame).await {
                tracing::warn!(work = %claim.aggregate.work(), error = %error, "A claim could not be handed back yet.");
                self.kept.push((claim, after, blame));
            }
        }
    }
}
