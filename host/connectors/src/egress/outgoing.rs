//! Request bodies whose length is known and whose progress can be watched.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http_body::{Body, Frame, SizeHint};
use lockgate_core::ports::{ByteStream, PayloadError};
use tokio::time::Instant;

/// A body of exactly so many bytes.
pub(crate) struct Outgoing {
    bytes: ByteStream,
    size: u64,
    left: u64,
    pulse: Pulse,
}

impl Outgoing {
    pub(crate) fn stream(bytes: ByteStream, size: u64) -> Self {
        Self { bytes, size, left: size, pulse: Pulse(Arc::new(Mutex::new(Instant::now()))) }
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Self::stream(Box::pin(stream::iter([Ok(bytes)])), size)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("size", &self.size).field("left", &self.left).finish_non_exhaustive()
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        let next = self.bytes.as_mut().poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.left = self.left.saturating_sub(bytes.len() as u64);
            self.pulse.beat();
        }
        next.map(|next| next.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// When the last byte was taken.
#[derive(Debug, Clone)]
pub(super) struct Pulse(Arc<Mutex<Instant>>);

impl Pulse {
    fn beat(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Ends once nothing has moved for that long.
    pub(super) async fn stops(self, idle: Duration) {
        loop {
            let due = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + idle;
            if Instant::now() >= due {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}
