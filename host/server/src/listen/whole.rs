//! HTTP/2 bodies that end where their client ended them. A client may take a request back without naming an error, and
//! hyper hands that to the reader as if the body were complete: half a file would be a whole one.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// The client took its request back before the body's end.
#[derive(Debug, thiserror::Error)]
#[error("the request was taken back before its body ended")]
struct TakenBack;

/// A body that is whole or breaks off.
struct Whole(Body);

/// The body, with an error in the place of an end that the client did not send.
pub(super) fn whole(body: Body) -> Body {
    Body::new(Whole(body))
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match ready!(Pin::new(&mut self.0).poll_frame(cx)) {
            None if !self.0.is_end_stream() => Poll::Ready(Some(Err(axum::Error::new(TakenBack)))),
            other => Poll::Ready(other),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
