//! How far a request's body came, and whom a standstill is to be blamed on: the receiver that takes nothing, or our own
//! store that gives nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_core::delivery::Answer;
use tokio::time::Instant;

use crate::answer::{late, ours};

/// What the systems of both sides may hold between them: so much may be taken from us that the receiver has not read.
const IN_BETWEEN: u64 = 8 * 1024 * 1024;

/// How long a receiver is waited for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Nothing may move for so long.
    pub(crate) idle: Duration,
    /// The answer may take so long once everything was taken.
    pub(crate) answer: Duration,
    /// Bytes a second that are the least.
    pub(crate) slowest: u64,
}

impl Pace {
    /// How long a request with so many bytes may take in all.
    pub(crate) fn longest(&self, size: u64) -> Duration {
        self.idle + self.answer + self.at_slowest(size)
    }

    fn at_slowest(&self, bytes: u64) -> Duration {
        Duration::from_millis(bytes.saturating_mul(1000) / self.slowest.max(1))
    }
}

/// The way of one body, shared by the body and by whoever waits for the answer.
#[derive(Debug, Clone)]
pub(super) struct Course(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    size: u64,
    left: u64,
    begun: Instant,
    /// When the last byte was taken.
    moved: Instant,
    /// Since when the next bytes are awaited from our side.
    awaited: Option<Instant>,
    /// How long they were awaited before.
    waited: Duration,
    trouble: Option<String>,
    abandoned: bool,
}

impl Course {
    pub(super) fn new(size: u64) -> Self {
        let now = Instant::now();
        let (awaited, waited, trouble) = (None, Duration::ZERO, None);
        let state = State { size, left: size, begun: now, moved: now, awaited, waited, trouble, abandoned: false };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The clock begins now.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        (state.begun, state.moved) = (Instant::now(), Instant::now());
    }

    /// So many bytes were taken.
    pub(super) fn took(&self, bytes: usize) {
        let mut state = self.state();
        state.left = state.left.saturating_sub(bytes as u64);
        state.moved = Instant::now();
    }

    /// Our side has no bytes at hand, and the receiver wants some.
    pub(super) fn awaits(&self) {
        self.state().awaited.get_or_insert_with(Instant::now);
    }

    /// Our side has something again, if it had to be awaited: until now the receiver had nothing to take.
    pub(super) fn came(&self) {
        let mut state = self.state();
        if let Some(since) = state.awaited.take() {
            state.waited += since.elapsed();
            state.moved = Instant::now();
        }
    }

    /// Our side has no more to give than this trouble.
    pub(super) fn fail(&self, trouble: String) {
        self.state().trouble = Some(trouble);
    }

    /// Why our side could not give all bytes, if it could not.
    pub(super) fn trouble(&self) -> Option<String> {
        self.state().trouble.clone()
    }

    /// Nobody wants the rest any more.
    pub(super) fn abandon(&self) {
        self.state().abandoned = true;
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.state().abandoned
    }

    pub(super) fn left(&self) -> u64 {
        self.state().left
    }

    pub(super) fn size(&self) -> u64 {
        self.state().size
    }

    /// Whether every byte was taken.
    pub(super) fn is_over(&self) -> bool {
        self.left() == 0
    }

    /// Ends once it stood still for too long, or took too long in all, with whose fault it is.
    pub(super) async fn stops(&self, pace: Pace) -> Answer {
        loop {
            let (due, answer) = self.due(pace);
            if Instant::now() >= due {
                return answer;
            }
            tokio::time::sleep_until(due).await;
        }
    }

    /// Until when something has to happen, and what it means if nothing does.
    fn due(&self, pace: Pace) -> (Instant, Answer) {
        let state = self.state();
        let Pace { idle, answer, .. } = pace;
        if let Some(since) = state.awaited {
            let why = format!("our own payload store gave no byte for {idle:?}");
            return (since + idle, ours(why));
        }
        let longest = pace.longest(state.size) + state.waited;
        let whole = (state.begun + longest, late(format!("the receiver is too slow: no answer after {longest:?}")));
        let still = match state.left {
            // What was taken last may not have been read yet.
            0 => {
                let patience = answer + pace.at_slowest(state.size.min(IN_BETWEEN));
                (
                    state.moved + patience,
                    late(format!("the receiver took everything and gave no answer for {patience:?}")),
                )
            }
            _ => (state.moved + idle, late(format!("the receiver took no byte and gave no answer for {idle:?}"))),
        };
        if still.0 < whole.0 { still } else { whole }
    }
}

#[cfg(test)]
mod tests;
