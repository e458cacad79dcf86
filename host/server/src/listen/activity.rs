//! What happens on one connection: requests under way, the first byte of the next one, requests taken back. From it
//! follows until when the connection may stay as it is.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::bounds::Bounds;

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
    /// Nothing, while a request is under way.
    Never,
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
        let state =
            State { under_way: 0, answered: 0, quiet: now, first_byte: None, taken_back: 0, counting_since: now };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new() })
    }

    /// A request begins.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        let mut state = self.state();
        state.under_way += 1;
        state.first_byte = None;
        UnderWay { activity: Arc::clone(self), answered: false }
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
            return Due::Never;
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

    fn end(&self, answered: bool) {
        let mut state = self.state();
        state.under_way -= 1;
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

/// A request that is under way until this is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    activity: Arc<Activity>,
    answered: bool,
}

impl UnderWay {
    /// The answer's body with the request, which ends when it does.
    pub(super) fn answer(mut self, body: Body) -> Body {
        self.answered = true;
        Body::new(Answering { body, _request: self })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.activity.end(self.answered);
    }
}

struct Answering {
    body: Body,
    _request: UnderWay,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
