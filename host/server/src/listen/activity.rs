//! What happens on one connection: requests under way, the first byte of the next one, answers that are not taken,
//! requests taken back. From it follows until when the connection may stay as it is.

mod answering;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::bounds::Bounds;
pub(super) use answering::UnderWay;

/// Requests taken back are counted over so long.
const MINUTE: Duration = Duration::from_secs(60);

/// One connection.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    under_way: usize,
    answered: u64,
    /// Answers of which a piece waits to be taken, by their requests' numbers, and since when.
    untaken: HashMap<u64, Instant>,
    /// The next request's number.
    next: u64,
    /// Since when no request is under way.
    quiet: Instant,
    /// When the first byte after that came.
    first_byte: Option<Instant>,
    taken_back: usize,
    counting_since: Instant,
}

/// What is due when nothing more happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing, while a request is under way: on HTTP/1 whoever takes nothing blocks the line (`stream.rs`).
    Never,
    /// A piece of an answer must be taken. On HTTP/2 a client that grants no window never blocks the line.
    Taken(Instant),
    /// The headers must be complete.
    Headers(Instant),
    /// The connection is of no use.
    Idle(Instant),
    /// Now: too many requests were taken back.
    Resets,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        let now = Instant::now();
        let state = State {
            under_way: 0,
            answered: 0,
            untaken: HashMap::new(),
            next: 0,
            quiet: now,
            first_byte: None,
            taken_back: 0,
            counting_since: now,
        };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new() })
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        let mut state = self.state();
        state.under_way += 1;
        state.first_byte = None;
        state.next += 1;
        self.changed.notify_one();
        UnderWay::new(Arc::clone(self), state.next)
    }

    /// Bytes came.
    pub(super) fn bytes_came(&self) {
        let mut state = self.state();
        if state.under_way == 0 && state.first_byte.is_none() {
            state.first_byte = Some(Instant::now());
            self.changed.notify_one();
        }
    }

    /// What is due, and when.
    pub(super) fn due(&self, bounds: &Bounds, http2: bool) -> Due {
        let state = self.state();
        if state.taken_back > bounds.resets {
            return Due::Resets;
        }
        if state.under_way > 0 {
            if !http2 {
                return Due::Never;
            }
            // Where nothing waits now, it is looked at again when something that begins to wait could be due.
            let since = state.untaken.values().min().copied().unwrap_or_else(Instant::now);
            return Due::Taken(since + bounds.write_timeout);
        }
        // On HTTP/2 bytes come without requests: settings, answers to pings.
        match state.first_byte.filter(|_| !http2) {
            Some(first) => Due::Headers(first + bounds.header_timeout),
            None if state.answered == 0 && !http2 => Due::Headers(state.quiet + bounds.header_timeout),
            None => Due::Idle(state.quiet + bounds.idle_timeout),
        }
    }

    /// Resolves when what is due may have changed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// A piece of an answer waits to be taken.
    fn waits(&self, request: u64) {
        self.state().untaken.insert(request, Instant::now());
    }

    /// Nothing of an answer waits: the client took it, and what follows is not there yet.
    fn taken(&self, request: u64) {
        self.state().untaken.remove(&request);
    }

    fn end(&self, request: u64, answered: bool) {
        let mut state = self.state();
        state.under_way -= 1;
        state.untaken.remove(&request);
        let now = Instant::now();
        if answered {
            state.answered += 1;
        } else {
            if now - state.counting_since > MINUTE {
                (state.taken_back, state.counting_since) = (0, now);
            }
            state.taken_back += 1;
        }
        if state.under_way == 0 {
            state.quiet = now;
        }
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
