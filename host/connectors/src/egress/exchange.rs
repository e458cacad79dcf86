//! One request and the head of its answer. What becomes of the body is known here alone: a receiver that answers before it
//! took everything has taken nothing, and whoever gives a request up takes its connection along.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::response::Parts;
use http::{Extensions, Request};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use lockgate_core::delivery::{Answer, Cause};

use super::course::{Course, Pace};
use super::cuttable::Cutter;
use super::gate::denied;
use super::outgoing::Outgoing;
use super::{Client, chain};
use crate::answer::{early, failed, forbidden, ours};

/// Sends one request and waits for the head of the answer as long as the pace allows.
pub(super) async fn exchange(
    client: &Client,
    mut request: Request<Outgoing>,
    pace: Pace,
) -> Result<(Parts, Rest), Answer> {
    let course = request.body().course();
    let own = OwnConnection { connection: capture_connection(&mut request), course: course.clone(), is_done: false };
    course.begin();
    let outcome = tokio::select! {
        answer = client.request(request) => answer.map_err(|error| explain(&error)),
        answer = course.stops(pace) => Err(answer),
    };
    // Whatever the receiver made of half a payload, it was half for our sake.
    if let Some(trouble) = course.trouble() {
        return Err(ours(trouble));
    }
    let (head, body) = outcome?.into_parts();
    if head.status.is_success() && !course.is_over() {
        let (left, size) = (course.left(), course.size());
        return Err(early(head.status, &head.headers, size - left, size));
    }
    Ok((head, Rest { body, own }))
}

/// The rest of an answer. Unless it is read to its end, and all of the request was taken, it costs the connection.
#[derive(Debug)]
pub(crate) struct Rest {
    body: Incoming,
    own: OwnConnection,
}

impl Body for Rest {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let next = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(next, Poll::Ready(None)) {
            self.own.is_done = true;
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        // Whoever knows an end by this does not read on to it.
        self.own.is_done |= self.body.is_end_stream();
    }
}

/// The connection of one request: there is no other on it at the same time.
#[derive(Debug)]
struct OwnConnection {
    connection: CaptureConnection,
    course: Course,
    is_done: bool,
}

impl Drop for OwnConnection {
    fn drop(&mut self) {
        if self.is_done && self.course.is_over() {
            return;
        }
        self.course.abandon();
        let mut extras = Extensions::new();
        if let Some(connected) = self.connection.connection_metadata().as_ref() {
            connected.get_extras(&mut extras);
        }
        if let Some(cutter) = extras.get::<Cutter>() {
            cutter.cut();
        }
    }
}

/// Why no answer came. A denied address is refused: trying again would not make it allowed.
fn explain(error: &(dyn Error + 'static)) -> Answer {
    match denied(error) {
        Some(denied) => forbidden(denied.to_string()),
        None => failed(format!("the receiver could not be reached: {}", chain(error))),
    }
}

/// What a request without an answer meant, for those who can only hand on errors.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
pub(crate) struct Unanswered(pub(crate) Answer);

impl Unanswered {
    /// Whether the connection could not be made or broke: another try may find another one.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(&self.0, Answer::Failed { cause: Cause::Unreachable, .. })
    }

    /// The one behind a client's error.
    pub(crate) fn behind<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            match error.downcast_ref::<Self>() {
                Some(unanswered) => return Some(unanswered),
                None => next = error.source(),
            }
        }
        None
    }
}
