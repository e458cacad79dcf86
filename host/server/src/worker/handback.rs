//! Hands claims back that this host does not finish, and remembers those that the database could not take back yet.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use lockgate_core::claim::Claim;
use lockgate_core::ports::{Blame, TransferStore};
use tokio::time::{Instant, timeout_at};

/// How many claims are handed back at the same time.
const AT_ONCE: usize = 8;

/// How long a try may take while the host works.
const PASS: Duration = Duration::from_secs(1);

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

    /// Hands these back and all that are remembered, however long that takes.
    pub(crate) async fn give(&mut self, claims: Vec<Returned>) {
        self.kept.extend(claims);
        self.pass(None).await;
    }

    /// Remembers a claim for the next try.
    pub(crate) fn keep(&mut self, returned: Returned) {
        self.kept.push(returned);
    }

    /// Tries what is remembered, for a second at most: whoever waits for this has more to do.
    pub(crate) async fn retry(&mut self) {
        self.pass(Some(Instant::now() + PASS)).await;
    }

    /// One that is not taken for a reason of its own keeps no other waiting. One whose answer is not waited for is tried
    /// again; if it was taken, that finds nothing to do.
    async fn pass(&mut self, until: Option<Instant>) {
        let give = |(place, (claim, after, blame)): (usize, Returned)| {
            let store = Arc::clone(&self.store);
            async move { (place, store.relinquish(&claim, after, blame).await) }
        };
        let tries: Vec<_> = self.kept.iter().cloned().enumerate().map(give).collect();
        let mut left = vec![true; tries.len()];
        let mut given = stream::iter(tries).buffer_unordered(AT_ONCE);
        loop {
            let next = match until {
                Some(until) => timeout_at(until, given.next()).await.ok().flatten(),
                None => given.next().await,
            };
            match next {
                Some((place, Ok(()))) => left[place] = false,
                Some((place, Err(error))) => {
                    let work = self.kept[place].0.aggregate.work();
                    tracing::warn!(work = %work, error = %error, "A claim could not be handed back yet.");
                }
                None => break,
            }
        }
        let mut left = left.into_iter();
        self.kept.retain(|_| left.next().unwrap_or(true));
    }
}
