//! Hands claims back that this host does not finish, and remembers those that the database could not take back yet.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use lockgate_core::claim::Claim;
use lockgate_core::ports::{Blame, TransferStore};

/// How many claims are handed back at the same time.
const AT_ONCE: usize = 8;

/// A claim, how soon others may take it, and what is to blame.
pub(crate) type Returned = (Claim, Duration, Blame);

/// Claims on their way back.
#[derive(Debug)]
pub(crate) struct Handback {
    store: Arc<dyn TransferStore>,
    kept: Vec<Returned>,
}

impl Handback {
    /// Nothing to hand back yet.
    pub(crate) fn new(store: Arc<dyn TransferStore>) -> Self {
        Self { store, kept: vec![] }
    }

    /// Hands claims back now, or later if the database does not answer. One that is not taken for a reason of its own keeps
    /// no other waiting.
    pub(crate) async fn give(&mut self, claims: Vec<Returned>) {
        let store = &self.store;
        let given = stream::iter(claims).map(async |(claim, after, blame)| {
            let given = store.relinquish(&claim, after, blame).await;
            given.err().map(|error| ((claim, after, blame), error))
        });
        let failed: Vec<_> = given.buffer_unordered(AT_ONCE).filter_map(async |it| it).collect().await;
        for (returned, error) in failed {
            tracing::warn!(work = %returned.0.aggregate.work(), error = %error, "A claim could not be handed back yet.");
            self.kept.push(returned);
        }
    }

    /// Remembers a claim for the next try.
    pub(crate) fn keep(&mut self, returned: Returned) {
        self.kept.push(returned);
    }

    /// Tries again what failed before.
    pub(crate) async fn retry(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        self.give(kept).await;
    }
}
