//! Request bodies whose length is known and whose progress can be watched.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::stream;
use http_body::{Body, Frame, SizeHint};
use lockgate_core::ports::{ByteStream, PayloadError};

use super::course::Course;

/// So many bytes are handed over at once: what was handed over counts as taken, and cannot be taken back.
const FRAME: usize = 64 * 1024;

/// A body of exactly so many bytes.
pub(crate) struct Outgoing {
    bytes: ByteStream,
    /// Came and was not handed over yet.
    over: Bytes,
    course: Course,
}

/// The body ended before its last byte.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unsent {
    /// Our own trouble.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// Our own trouble too: the bytes ended before the payload did.
    #[error("the payload is shorter than it should be")]
    Short,
    /// Nobody waits for the answer any more.
    #[error("the request was given up")]
    Abandoned,
}

impl Outgoing {
    pub(crate) fn stream(bytes: ByteStream, size: u64) -> Self {
        Self { bytes, over: Bytes::new(), course: Course::new(size) }
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        let size = bytes.len() as u64;
        Self::stream(Box::pin(stream::iter([Ok(bytes)])), size)
    }

    pub(super) fn course(&self) -> Course {
        self.course.clone()
    }

    fn fail(&self, why: Unsent) -> Poll<Option<Result<Frame<Bytes>, Unsent>>> {
        self.course.fail(why.to_string());
        Poll::Ready(Some(Err(why)))
    }
}

impl std::fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outgoing").field("course", &self.course).finish_non_exhaustive()
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Unsent;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unsent>>> {
        if self.course.is_abandoned() {
            return Poll::Ready(Some(Err(Unsent::Abandoned)));
        }
        while self.over.is_empty() {
            let Poll::Ready(next) = self.bytes.as_mut().poll_next(cx) else {
                self.course.awaits();
                return Poll::Pending;
            };
            self.course.came();
            match next {
                Some(Ok(bytes)) => self.over = bytes,
                Some(Err(error)) => return self.fail(error.into()),
                None if self.course.is_over() => return Poll::Ready(None),
                None => return self.fail(Unsent::Short),
            }
        }
        let length = self.over.len().min(FRAME);
        let frame = self.over.split_to(length);
        self.course.took(length);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.course.is_over()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.course.left())
    }
}
