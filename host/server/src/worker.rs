//! Works on claims: a bounded number at a time, each to its end, and none is forgotten.
//!
//! *Invariant:* a claim that this host holds is being worked on, waits in its queue, or is on the list of those to hand
//! back. A living host's claims are adopted by nobody, so a forgotten one would stand still for good.

mod adopter;
mod clearer;
mod handback;
mod heartbeat;
mod holdings;
mod housekeeping;
mod metrics;
mod preparer;
mod redriving;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_core::claim::{Aggregate, Claim};
use lockgate_core::pipeline::{Pipeline, WorkEnd};
use lockgate_core::ports::Blame;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

pub(crate) use adopter::Adopter;
pub(crate) use clearer::Clearer;
pub(crate) use handback::Handback;
pub(crate) use heartbeat::Heartbeat;
pub(crate) use holdings::{Comparison, Holdings, NotingClaimer};
pub(crate) use housekeeping::Housekeeping;
pub(crate) use preparer::Preparer;
pub(crate) use redriving::Redriving;

use metrics::WorkMetrics;

/// After a panic, whoever takes the work on waits a little: it may panic again.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// How many claims are worked on at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    /// Transfers, consignments and deliveries.
    pub(crate) work: usize,
    /// Notifications.
    pub(crate) messages: usize,
}

/// The host's workers.
#[derive(Debug)]
pub(crate) struct Workers {
    pipeline: Arc<Pipeline>,
    handback: Handback,
    holdings: Arc<Holdings>,
    places: Places,
    drain: Duration,
    metrics: WorkMetrics,
    tasks: JoinSet<WorkEnd>,
    under_way: HashMap<Id, (Claim, Instant)>,
}

impl Workers {
    /// Workers that wait for their first claim.
    pub(crate) fn new(
        pipeline: Arc<Pipeline>,
        handback: Handback,
        holdings: Arc<Holdings>,
        places: Places,
        drain: Duration,
    ) -> Self {
        Self {
            pipeline,
            handback,
            holdings,
            places,
            drain,
            metrics: WorkMetrics::new(),
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
        }
    }

    /// Works until told to stop, then finishes what is under way within the time for draining and hands back the rest.
    pub(crate) async fn run(
        mut self,
        mut queue: mpsc::Receiver<Claim>,
        mut alive: watch::Receiver<bool>,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let mut retry = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = lost(&mut alive) => {
                    tracing::warn!("The host counts as dead: its work is dropped until the database answers again.");
                    self.drop_everything(&mut queue).await;
                    let _ = alive.wait_for(|it| *it).await;
                    tracing::info!("The host counts as alive again.");
                }
                Some(joined) = self.tasks.join_next_with_id() => self.ended(joined).await,
                Some(claim) = queue.recv(), if self.has_room() => self.begin(claim),
                _ = retry.tick() => self.handback.retry().await,
            }
        }
        self.finish(queue).await;
        Ok(())
    }

    /// Whether whatever comes next finds a place of its kind.
    fn has_room(&self) -> bool {
        let messages = self.under_way.values().filter(|(it, _)| is_message(it)).count();
        messages < self.places.messages && self.under_way.len() - messages < self.places.work
    }

    fn begin(&mut self, claim: Claim) {
        let known = (claim.aggregate.work(), claim.aggregate.version());
        if self.under_way.values().any(|(it, _)| (it.aggregate.work(), it.aggregate.version()) == known) {
            return;
        }
        let pipeline = Arc::clone(&self.pipeline);
        let work = claim.clone();
        let task = self.tasks.spawn(async move { pipeline.work(work).await });
        self.under_way.insert(task.id(), (claim, Instant::now()));
        self.metrics.under_way(self.under_way.len());
    }

    async fn ended(&mut self, joined: Result<(Id, WorkEnd), JoinError>) {
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((claim, since)) = self.under_way.remove(&id) else { return };
        self.metrics.under_way(self.under_way.len());
        self.holdings.forget(&claim);
        let work = claim.aggregate.work();
        let outcome = match joined {
            Ok((_, WorkEnd::Done)) => "done",
            Ok((_, WorkEnd::Stale)) => {
                tracing::info!(work = %work, "Somebody else moved on first; the work was dropped.");
                "stale"
            }
            Ok((_, WorkEnd::Retry { why, .. })) => {
                tracing::warn!(work = %work, why, "The work is given back and will be tried again.");
                "retry"
            }
            Ok((_, WorkEnd::Stuck { why })) => {
                tracing::warn!(work = %work, why, "The work could not be given back yet.");
                self.handback.keep(claim, Duration::ZERO, Blame::Nobody);
                "stuck"
            }
            Err(error) if error.is_cancelled() => {
                self.handback.give(claim, Duration::ZERO, Blame::Nobody).await;
                "cut-off"
            }
            Err(error) => {
                tracing::error!(work = %work, error = %error, "A worker panicked; its work is given back.");
                self.handback.give(claim, AFTER_PANIC, Blame::Work).await;
                "panic"
            }
        };
        self.metrics.ended(work.kind(), outcome, since.elapsed());
    }

    async fn drop_everything(&mut self, queue: &mut mpsc::Receiver<Claim>) {
        self.tasks.abort_all();
        while let Some(joined) = self.tasks.join_next_with_id().await {
            self.ended(joined).await;
        }
        while let Ok(claim) = queue.try_recv() {
            self.holdings.forget(&claim);
            self.handback.keep(claim, Duration::ZERO, Blame::Nobody);
        }
    }

    async fn finish(mut self, mut queue: mpsc::Receiver<Claim>) {
        queue.close();
        while let Ok(claim) = queue.try_recv() {
            self.holdings.forget(&claim);
            self.handback.give(claim, Duration::ZERO, Blame::Nobody).await;
        }
        let deadline = tokio::time::Instant::now() + self.drain;
        while let Ok(Some(joined)) = tokio::time::timeout_at(deadline, self.tasks.join_next_with_id()).await {
            self.ended(joined).await;
        }
        if !self.under_way.is_empty() {
            tracing::warn!(claims = self.under_way.len(), "Work did not end in time and is handed back.");
            self.drop_everything(&mut queue).await;
        }
        self.handback.retry().await;
    }
}

/// Messages wait for others' endpoints and cost the host next to nothing meanwhile.
fn is_message(claim: &Claim) -> bool {
    matches!(claim.aggregate, Aggregate::Notification(_))
}

/// Resolves when the host counts as dead.
async fn lost(alive: &mut watch::Receiver<bool>) {
    if alive.wait_for(|it| !*it).await.is_err() {
        // The heartbeat ended: the host stops anyway.
        std::future::pending::<()>().await;
    }
}
