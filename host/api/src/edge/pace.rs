//! Request bodies that have to come: so many bytes in each window of waiting for them, and none any more once the host
//! stops. What a handler needs for itself does not count against the client.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

/// How fast bodies have to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Over so much waiting it is measured.
    pub window: Duration,
    /// The least that has to come.
    pub bytes_per_second: u64,
}

impl Pace {
    fn least(self) -> u64 {
        let bytes = self.window.as_millis().saturating_mul(u128::from(self.bytes_per_second)) / 1000;
        u64::try_from(bytes).unwrap_or(u64::MAX).max(1)
    }
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It came too slowly.
    Slow(Pace),
    /// The host stops.
    Stopping,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow(Pace { window, bytes_per_second }) => write!(
                f,
                "the body brought less than {bytes_per_second} bytes a second over {} ms; send it faster, or in pieces \
                 by resumable uploads",
                window.as_millis()
            ),
            Self::Stopping => f.write_str("the host stops; go on from where the upload stands, another host takes it"),
        }
    }
}

impl std::error::Error for Ended {}

type Bell = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A body under a pace.
pub(crate) struct Paced {
    body: Body,
    pace: Pace,
    /// What came in the window under way, and how long it was waited for.
    came: u64,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    stopping: Bell,
    ended: Arc<OnceLock<Ended>>,
}

/// Says afterwards why a body ended early, if it did.
pub(crate) struct Sign(Arc<OnceLock<Ended>>);

impl Sign {
    pub(crate) fn get(&self) -> Option<Ended> {
        self.0.get().copied()
    }
}

impl Paced {
    pub(crate) fn new(body: Body, pace: Pace, mut bodies_end: watch::Receiver<bool>) -> (Self, Sign) {
        let ended = Arc::new(OnceLock::new());
        let stopping = async move {
            // Whoever could say it is gone: then nobody stops.
            if bodies_end.wait_for(|it| *it).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let sign = Sign(Arc::clone(&ended));
        let stopping = Box::pin(stopping);
        (Self { body, pace, came: 0, waited: Duration::ZERO, waiting: None, stopping, ended }, sign)
    }

    fn end(&self, why: Ended) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let _ = self.ended.set(why);
        Poll::Ready(Some(Err(axum::Error::new(why))))
    }

    fn took(&mut self, bytes: u64) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += since.elapsed();
        }
        self.came = self.came.saturating_add(bytes);
        if self.came >= self.pace.least() {
            (self.came, self.waited) = (0, Duration::ZERO);
        }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(why) = self.ended.get().copied() {
            return self.end(why);
        }
        if self.stopping.as_mut().poll(cx).is_ready() {
            return self.end(Ended::Stopping);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                self.took(frame.data_ref().map_or(0, |bytes| bytes.len() as u64));
            }
            return Poll::Ready(frame);
        }
        let left = self.pace.window.saturating_sub(self.waited);
        let waiting = self.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(left))));
        ready!(waiting.1.as_mut().poll(cx));
        let pace = self.pace;
        self.end(Ended::Slow(pace))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    //! Bodies of every pace, read at once or late.

    use axum::body::Body;
    use futures::{StreamExt, stream};
    use http_body_util::BodyExt;
    use tokio::time::interval;

    use super::*;

    /// At least 100 bytes in 100 ms of waiting.
    const PACE: Pace = Pace { window: Duration::from_millis(100), bytes_per_second: 1_000 };

    /// So many drops, all there at once.
    fn drops(times: usize, bytes: usize) -> impl futures::Stream<Item = Result<Vec<u8>, std::io::Error>> {
        stream::iter(0..times).map(move |_| Ok(vec![b'x'; bytes]))
    }

    /// One byte every few milliseconds, without end.
    fn drip() -> Body {
        let drip = stream::unfold(interval(Duration::from_millis(5)), async |mut rhythm| {
            rhythm.tick().await;
            Some((Ok::<_, std::io::Error>(vec![b'x']), rhythm))
        });
        Body::from_stream(Box::pin(drip))
    }

    /// Reads with a pause after each frame.
    async fn read(body: Body, pause: Duration) -> (usize, Option<Ended>) {
        let (paced, sign) = Paced::new(body, PACE, watch::Sender::new(false).subscribe());
        let (mut paced, mut came, mut rhythm) = (Box::pin(paced), 0, interval(pause));
        while let Some(Ok(frame)) = paced.frame().await {
            came += frame.data_ref().map_or(0, Bytes::len);
            rhythm.tick().await;
        }
        (came, sign.get())
    }

    const AT_ONCE: Duration = Duration::from_micros(1);

    #[tokio::test]
    async fn a_body_that_drips_is_ended() {
        let (came, ended) = read(drip(), AT_ONCE).await;
        assert_eq!(ended, Some(Ended::Slow(PACE)));
        assert!(came < 100, "{came}");
    }

    #[tokio::test]
    async fn a_body_that_stops_halfway_is_ended() {
        let stuck = Body::from_stream(drops(50, 100).chain(stream::pending()));
        assert_eq!(read(stuck, AT_ONCE).await, (5_000, Some(Ended::Slow(PACE))));
    }

    #[tokio::test]
    async fn a_body_that_comes_is_read_to_its_end() {
        assert_eq!(read(Body::from_stream(drops(200, 500)), AT_ONCE).await, (100_000, None));
    }

    #[tokio::test]
    async fn a_handler_that_takes_its_time_does_not_count_against_the_client() {
        // All pauses together are longer than the window, and less came than its least.
        assert_eq!(read(Body::from_stream(drops(9, 1)), PACE.window / 4).await, (9, None));
    }

    #[tokio::test]
    async fn a_body_ends_when_the_host_stops() {
        let stop = watch::Sender::new(false);
        let (paced, sign) = Paced::new(Body::from_stream(drops(100, 1_000)), PACE, stop.subscribe());
        let mut paced = Box::pin(paced);
        assert!(paced.frame().await.is_some_and(|it| it.is_ok()));
        stop.send_replace(true);
        assert!(paced.frame().await.is_some_and(|it| it.is_err()));
        assert_eq!(sign.get(), Some(Ended::Stopping));
    }

    #[tokio::test]
    async fn a_body_that_is_waited_for_ends_when_the_host_stops() {
        let stop = watch::Sender::new(false);
        let patient = Pace { window: Duration::from_secs(3600), bytes_per_second: 1 };
        let (paced, sign) =
            Paced::new(Body::from_stream(drops(0, 0).chain(stream::pending())), patient, stop.subscribe());
        let mut paced = Box::pin(paced);
        let (frame, _) = tokio::join!(paced.frame(), async { stop.send_replace(true) });
        assert!(frame.is_some_and(|it| it.is_err()));
        assert_eq!(sign.get(), Some(Ended::Stopping));
    }
}
