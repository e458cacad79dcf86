//! Works on claims: a bounded number at a time, each to its end, and none is forgotten.
//!
//! *Invariant:* a claim that this host holds is being worked on, waits in its queue or for a place, or is on the list of
//! those to hand back. A living host's claims are adopted by nobody, so a forgotten one would stand still for good.

mod adopter;
mod clearer;
mod handback;
mod heartbeat;
mod holdings;
mod housekeeping;
mod metrics;
mod places;
mod preparer;
mod redriving;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockgate_core::claim::{Claim, Duty, Room};
use lockgate_core::command::Work;
use lockgate_core::pipeline::{NoPlace, Pipeline, WorkEnd};
use lockgate_core::ports::Blame;
use lockgate_core::transfer::Version;
use tokio::sync::{mpsc, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

pub(crate) use adopter::Adopter;
pub(crate) use clearer::Clearer;
pub(crate) use handback::Handback;
pub(crate) use heartbeat::Heartbeat;
pub(crate) use holdings::{Comparison, Holdings, NotingClaimer};
pub(crate) use housekeeping::Housekeeping;
pub(crate) use places::Sizes;
pub(crate) use preparer::Preparer;
pub(crate) use redriving::Redriving;

use handback::Returned;
use metrics::{WorkMetrics, labels};
use places::Places;

/// After a panic, whoever takes the work on waits a little: it may panic again.
const AFTER_PANIC: Duration = Duration::from_secs(5);

/// How often those who wait for a place are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// The most that are put off at the same time for want of room: a flood slows down what takes it on.
const SURPLUS: usize = 32;

/// A claim that is worked on.
#[derive(Debug)]
struct UnderWay {
    claim: Claim,
    /// The place it takes, or why it has none and is put off.
    duty: Result<Duty, NoPlace>,
    since: Instant,
}

/// The host's workers.
#[derive(Debug)]
pub(crate) struct Workers {
    pipeline: Arc<Pipeline>,
    handback: Handback,
    holdings: Arc<Holdings>,
    places: Places<Claim>,
    room: watch::Sender<Room>,
    drain: Duration,
    metrics: WorkMetrics,
    tasks: JoinSet<WorkEnd>,
    under_way: HashMap<Id, UnderWay>,
    /// How many of those are put off for want of room.
    surplus: usize,
    /// What is under way or waits for a place: a claim that comes twice is worked on once.
    at_hand: HashSet<(Work, Version)>,
}

impl Workers {
    /// Workers that wait for their first claim.
    pub(crate) fn new(
        pipeline: Arc<Pipeline>,
        handback: Handback,
        holdings: Arc<Holdings>,
        sizes: Sizes,
        room: watch::Sender<Room>,
        drain: Duration,
    ) -> Self {
        Self {
            pipeline,
            handback,
            holdings,
            places: Places::new(sizes),
            room,
            drain,
            metrics: WorkMetrics::new(),
            tasks: JoinSet::new(),
            under_way: HashMap::new(),
            surplus: 0,
            at_hand: HashSet::new(),
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
        let mut look = tokio::time::interval(LOOK);
        loop {
            while let Some((claim, duty)) = self.places.next(Instant::now()) {
                self.begin(claim, duty);
            }
            self.room.send_replace(self.places.room());
            tokio::select! {
                () = stop.cancelled() => break,
                () = lost(&mut alive) => {
                    tracing::warn!("The host counts as dead: its work is dropped until the database answers again.");
                    self.drop_everything(&mut queue).await;
                    let _ = alive.wait_for(|it| *it).await;
                    // What was being written when it was dropped may have been written since, as this host's claim.
                    self.holdings.doubt();
                    tracing::info!("The host counts as alive again.");
                }
                Some(joined) = self.tasks.join_next_with_id() => self.ended(joined),
                Some(claim) = queue.recv(), if self.surplus < SURPLUS => self.arrived(claim),
                _ = look.tick() => self.look(),
                _ = retry.tick() => self.handback.retry().await,
            }
        }
        self.finish(queue).await;
        Ok(())
    }

    fn arrived(&mut self, claim: Claim) {
        if !self.at_hand.insert((claim.aggregate.work(), claim.aggregate.version())) {
            return;
        }
        let duty = claim.duty();
        if let Some(surplus) = self.places.arrive(claim, duty, Instant::now()) {
            self.put_off(surplus, NoPlace::NoRoom);
        }
    }

    /// Puts off who waited in vain.
    fn look(&mut self) {
        self.metrics.waiting(self.places.waiting());
        for claim in self.places.tired(Instant::now()) {
            self.put_off(claim, NoPlace::InVain);
        }
    }

    fn begin(&mut self, claim: Claim, duty: Duty) {
        let (pipeline, work) = (Arc::clone(&self.pipeline), claim.clone());
        let room = self.room.subscribe();
        let task = self.tasks.spawn(async move { pipeline.work(work, || *room.borrow()).await });
        self.under_way.insert(task.id(), UnderWay { claim, duty: Ok(duty), since: Instant::now() });
        self.metrics.under_way(self.under_way.len());
    }

    fn put_off(&mut self, claim: Claim, why: NoPlace) {
        let (pipeline, work) = (Arc::clone(&self.pipeline), claim.clone());
        let task = self.tasks.spawn(async move { pipeline.put_off(work, why).await });
        self.under_way.insert(task.id(), UnderWay { claim, duty: Err(why), since: Instant::now() });
        self.surplus += usize::from(why == NoPlace::NoRoom);
    }

    fn ended(&mut self, joined: Result<(Id, WorkEnd), JoinError>) {
        let id = joined.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(UnderWay { claim, duty, since }) = self.under_way.remove(&id) else { return };
        match &duty {
            Ok(duty) => self.places.leave(duty, Instant::now()),
            Err(why) => self.surplus -= usize::from(*why == NoPlace::NoRoom),
        }
        self.metrics.under_way(self.under_way.len());
        self.forget(&claim);
        let (work, counted) = (claim.aggregate.work(), labels(&claim));
        let put_off = duty.is_err() && matches!(joined, Ok((_, WorkEnd::Retry { .. })));
        if !put_off && !matches!(joined, Ok((_, WorkEnd::Done | WorkEnd::Onward(_)))) {
            // The answer to a commit after which the claim goes on may have been lost: then nobody knows of the claim.
            self.holdings.doubt();
        }
        let outcome = match joined {
            Ok((_, WorkEnd::Done | WorkEnd::Retry { .. })) if duty.is_err() => "put-off",
            Ok((_, WorkEnd::Done)) => "done",
            Ok((_, WorkEnd::Onward(onward))) => {
                self.holdings.note(&onward);
                for claim in onward {
                    self.arrived(claim);
                }
                "done"
            }
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
                self.handback.keep(untouched(claim));
                "stuck"
            }
            Err(error) if error.is_cancelled() => {
                self.handback.keep(untouched(claim));
                "cut-off"
            }
            Err(error) => {
                tracing::error!(work = %work, error = %error, "A worker panicked; its work is given back.");
                self.handback.keep((claim, AFTER_PANIC, Blame::Work));
                "panic"
            }
        };
        self.metrics.ended(counted, outcome, since.elapsed());
    }

    async fn drop_everything(&mut self, queue: &mut mpsc::Receiver<Claim>) {
        self.tasks.abort_all();
        while let Some(joined) = self.tasks.join_next_with_id().await {
            self.ended(joined);
        }
        for claim in self.left(queue) {
            self.forget(&claim);
            self.handback.keep(untouched(claim));
        }
    }

    async fn give_left(&mut self, queue: &mut mpsc::Receiver<Claim>) {
        let left = self.left(queue);
        left.iter().for_each(|claim| self.forget(claim));
        self.handback.give(left.into_iter().map(untouched).collect()).await;
    }

    /// The claim is the host's no longer.
    fn forget(&mut self, claim: &Claim) {
        self.at_hand.remove(&(claim.aggregate.work(), claim.aggregate.version()));
        self.holdings.forget(claim);
    }

    /// What waits and was not begun.
    fn left(&mut self, queue: &mut mpsc::Receiver<Claim>) -> Vec<Claim> {
        let mut left = self.places.clear();
        left.extend(std::iter::from_fn(|| queue.try_recv().ok()));
        left
    }

    async fn finish(mut self, mut queue: mpsc::Receiver<Claim>) {
        queue.close();
        self.room.send_replace(Room::default());
        let deadline = tokio::time::Instant::now() + self.drain;
        self.give_left(&mut queue).await;
        while let Ok(Some(joined)) = tokio::time::timeout_at(deadline, self.tasks.join_next_with_id()).await {
            self.ended(joined);
        }
        // What would have gone on after what ended meanwhile.
        self.give_left(&mut queue).await;
        if !self.under_way.is_empty() {
            tracing::warn!(claims = self.under_way.len(), "Work did not end in time and is handed back.");
            self.drop_everything(&mut queue).await;
        }
        self.handback.give(vec![]).await;
    }
}

/// Anybody may take it at once, and it did nothing wrong.
const fn untouched(claim: Claim) -> Returned {
    (claim, Duration::ZERO, Blame::Nobody)
}

/// Resolves when the host counts as dead.
async fn lost(alive: &mut watch::Receiver<bool>) {
    if alive.wait_for(|it| !*it).await.is_err() {
        // The heartbeat ended: the host stops anyway.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests;
