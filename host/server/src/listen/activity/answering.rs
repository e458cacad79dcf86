//! A request from its beginning to its answer's last piece, and whether the client takes what it asked for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::Activity;

/// On HTTP/2 answers leave in pieces no larger than its frames, so that who takes little is seen to take something.
const PIECE: usize = 16 * 1024;

/// A request that is under way until this is dropped.
#[derive(Debug)]
pub(in crate::listen) struct UnderWay {
    activity: Arc<Activity>,
    number: u64,
    answered: bool,
}

impl UnderWay {
    pub(super) fn new(activity: Arc<Activity>, number: u64) -> Self {
        Self { activity, number, answered: false }
    }

    /// The answer's body with the request, which ends when it does.
    pub(in crate::listen) fn answer(mut self, body: Body, http2: bool) -> Body {
        self.answered = true;
        self.activity.waits(self.number);
        let piece = if http2 { PIECE } else { usize::MAX };
        Body::new(Answering { body, piece, left: Bytes::new(), request: self })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.activity.end(self.number, self.answered);
    }
}

/// Whoever asks for a piece has room for it, or had it for the one before.
struct Answering {
    body: Body,
    piece: usize,
    /// What is left of the body's own last piece.
    left: Bytes,
    request: UnderWay,
}

impl Answering {
    /// The next piece, or what else the body has to say.
    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(bytes))) => self.left = bytes,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let size = self.left.len().min(self.piece);
        Poll::Ready(Some(Ok(Frame::data(self.left.split_to(size)))))
    }
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.left.is_empty() {
            self.request.activity.taken(self.request.number);
        }
        let next = ready!(self.next(cx));
        self.request.activity.waits(self.request.number);
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let left = self.left.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + left);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + left);
        }
        hint
    }
}
