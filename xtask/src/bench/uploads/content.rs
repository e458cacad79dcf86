//! What is sent: random bytes, again and again, so that a gibibyte needs no memory of its own.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use anyhow::{Result, ensure};
use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use rand::RngCore as _;

pub(super) const MIB: u64 = 1024 * 1024;
/// The parts that a host sends to S3, as long as there are few of them.
const PART: u64 = 8 * MIB;

/// So many equal parts.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) part: Bytes,
    pub(super) parts: u64,
}

impl Content {
    pub(super) fn of(mib: u64) -> Result<Self> {
        let size = mib * MIB;
        ensure!(size > 0 && size.is_multiple_of(PART), "{mib} MiB is no multiple of a part of {} MiB", PART / MIB);
        let mut part = vec![0; usize::try_from(PART)?];
        rand::rng().fill_bytes(&mut part);
        Ok(Self { part: part.into(), parts: size / PART })
    }

    pub(super) fn size(&self) -> u64 {
        self.parts * PART
    }

    pub(super) fn body(&self) -> Repeated {
        Repeated { part: self.part.clone(), at: 0, left: self.parts }
    }
}

/// All of a content as a body of known length.
#[derive(Debug)]
pub(super) struct Repeated {
    part: Bytes,
    at: usize,
    left: u64,
}

impl Body for Repeated {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let end = (self.at + 256 * 1024).min(self.part.len());
        let piece = self.part.slice(self.at..end);
        self.at = end;
        if end == self.part.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left * self.part.len() as u64 - self.at as u64)
    }
}
