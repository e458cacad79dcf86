//! A form's bytes on their way to the parser, which keeps and searches all it was given until a part begins, and takes all
//! that is there at once: so it is given little at a time, and no more than a bound before the file.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures::Stream;

/// So many bytes may come before the file's own: all fields at their longest, and the heads of their parts.
const LONGEST_HEAD: usize = 512 * 1024;
/// So many bytes of the head are given at a time.
const PIECE: usize = 8 * 1024;

/// More came before the file than may.
#[derive(Debug, thiserror::Error)]
#[error("the form has more than {LONGEST_HEAD} bytes before its file; send the field `file` earlier")]
pub(super) struct TooLong;

/// Whoever reads the form says where its head ends.
pub(super) struct Head(Arc<AtomicBool>);

impl Head {
    /// The file begins: from here on there is no bound.
    pub(super) fn ends(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A form's bytes, bounded as long as its head lasts.
pub(super) struct Bounded {
    body: BodyDataStream,
    ended: Arc<AtomicBool>,
    given: usize,
    /// What came of the head and was not given yet.
    left: Bytes,
    /// Something was given; the parser looks at it before it gets more.
    pauses: bool,
}

impl Bounded {
    pub(super) fn new(body: Body) -> (Self, Head) {
        let ended = Arc::new(AtomicBool::new(false));
        let head = Head(Arc::clone(&ended));
        (Self { body: body.into_data_stream(), ended, given: 0, left: Bytes::new(), pauses: false }, head)
    }
}

impl Stream for Bounded {
    type Item = Result<Bytes, Box<dyn Error + Send + Sync>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.pauses) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(bytes)) => self.left = bytes,
                other => return Poll::Ready(other.map(|it| it.map_err(Into::into))),
            }
        }
        if self.ended.load(Ordering::Relaxed) {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.left))));
        }
        self.pauses = true;
        if self.given >= LONGEST_HEAD {
            return Poll::Ready(Some(Err(TooLong.into())));
        }
        let size = self.left.len().min(PIECE);
        self.given += size;
        Poll::Ready(Some(Ok(self.left.split_to(size))))
    }
}
