//! Memory for bytes that are on their way to S3: one budget for all writers of a host.
//!
//! A writer takes memory as bytes come, in the order of asking, and gives it back when a part has landed. When nothing is
//! left, all of it may lie in parts that are not full: so one of those who wait gets the *turn*, to fill its part beyond
//! what is left, and the next when that part has landed. Whoever holds bytes can always finish its part.
//!
//! *Invariant:* all writers together hold no more than the budget, of which one part is kept for whose turn it is; a part of
//! more than [`TURN`] bytes, as only payloads of many gibibytes have them, exceeds it by the rest.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_core::ports::PayloadError;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

/// Memory is given out in pieces of this size.
const UNIT: usize = 64 * 1024;
/// What is kept for whose turn it is: a part of the usual size.
const TURN: usize = 8 * 1024 * 1024;

/// How much there is, and how long it is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetConfig {
    /// Bytes that all writers of the host may hold together, at least [`BudgetConfig::LEAST`].
    pub bytes: usize,
    /// After so long a wait an upload that does not fill its part meanwhile has to set down what it holds.
    pub yields: Duration,
    /// After so long a wait an upload is refused.
    pub refuses: Duration,
}

impl BudgetConfig {
    /// The least budget: two parts.
    pub const LEAST: usize = 2 * TURN;
}

impl Default for BudgetConfig {
    fn default() -> Self {
        Self { bytes: 128 * 1024 * 1024, yields: Duration::from_secs(5), refuses: Duration::from_secs(20) }
    }
}

/// The budget of one host.
#[derive(Debug)]
pub(crate) struct Budget {
    config: BudgetConfig,
    shared: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    held: AtomicUsize,
    /// Who waits, in the order of asking, and since when nobody was sent away for it.
    waiting: Mutex<BTreeMap<u64, Instant>>,
    next: AtomicU64,
    changed: Notify,
}

impl Budget {
    pub(crate) fn new(config: BudgetConfig) -> Self {
        let shared = config.bytes.max(BudgetConfig::LEAST) - TURN;
        Self {
            config,
            shared: Arc::new(Semaphore::new(shared / UNIT)),
            turn: Arc::new(Semaphore::new(1)),
            held: AtomicUsize::new(0),
            waiting: Mutex::default(),
            next: AtomicU64::new(0),
            changed: Notify::new(),
        }
    }

    /// Bytes that all writers hold now.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Resolves when somebody has waited too long for a writer that began its part then, and is not done with it. One
    /// who waits sends one writer away, then waits anew.
    pub(crate) async fn wanted(&self, began: Instant) {
        loop {
            let changed = self.changed.notified();
            let due = {
                let mut waiting = self.waiting();
                let first = waiting.values_mut().min();
                match first.map(|since| ((*since).max(began) + self.config.yields, since)) {
                    Some((due, since)) if due <= Instant::now() => {
                        *since = Instant::now();
                        return;
                    }
                    other => other.map(|(due, _)| due),
                }
            };
            let until = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed => {}
                () = until => {}
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self) -> Waiting<'_> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.waiting().insert(number, Instant::now());
        self.changed.notify_waiters();
        Waiting { budget: self, number }
    }
}

/// Somebody who waits.
struct Waiting<'a> {
    budget: &'a Budget,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.budget.waiting().remove(&self.number);
        self.budget.changed.notify_waiters();
    }
}

/// What one writer, or one part under way, holds; it is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    budget: Arc<Budget>,
    bytes: usize,
    share: Option<OwnedSemaphorePermit>,
    turn: Option<OwnedSemaphorePermit>,
}

impl Hold {
    pub(crate) const fn nothing(budget: Arc<Budget>) -> Self {
        Self { budget, bytes: 0, share: None, turn: None }
    }

    pub(crate) const fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    /// Whether it holds bytes of a part that is not full.
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Takes memory for so many bytes more, waiting for it as long as the budget says, or without end.
    pub(crate) async fn grow(&mut self, bytes: usize, for_ever: bool) -> Result<(), PayloadError> {
        let has = self.share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let lacks = (self.bytes + bytes).div_ceil(UNIT).saturating_sub(has);
        if lacks > 0 && self.turn.is_none() {
            self.take(lacks, for_ever).await?;
        }
        self.bytes += bytes;
        self.budget.held.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    async fn take(&mut self, units: usize, for_ever: bool) -> Result<(), PayloadError> {
        let closed = |_| PayloadError::Unavailable("the host is shutting down".to_owned());
        let many = u32::try_from(units).map_err(|_| PayloadError::Unavailable("a part is too large".to_owned()))?;
        let budget = Arc::clone(&self.budget);
        // Those who wait come first: nothing is left over for anybody else as long as there are some.
        if let Ok(more) = Arc::clone(&budget.shared).try_acquire_many_owned(many) {
            self.add(more);
            return Ok(());
        }
        let _waiting = budget.wait();
        let refusal = Instant::now() + budget.config.refuses;
        tokio::select! {
            biased;
            more = Arc::clone(&budget.shared).acquire_many_owned(many) => self.add(more.map_err(closed)?),
            turn = Arc::clone(&budget.turn).acquire_owned() => self.turn = Some(turn.map_err(closed)?),
            () = sleep_until(refusal), if !for_ever => {
                return Err(PayloadError::Crowded { retry_after: budget.config.yields.max(Duration::from_secs(1)) });
            }
        }
        Ok(())
    }

    fn add(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.share {
            Some(share) => share.merge(more),
            share => *share = Some(more),
        }
    }

    /// Parts with what a full part of so many bytes holds, and with the turn.
    pub(crate) fn part(&mut self, bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT);
        let share = match &mut self.share {
            Some(share) if share.num_permits() > units => share.split(units),
            share => share.take(),
        };
        self.bytes -= bytes;
        Self { budget: Arc::clone(&self.budget), bytes, share, turn: self.turn.take() }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
