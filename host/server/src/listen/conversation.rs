//! One connection's life: handshake, version, requests, and an end that somebody decides.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use lockgate_api::{ClientAddress, Held};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::activity::{Activity, Due};
use super::bounds::Bounds;
use super::forwarded;
use super::metrics::Metrics;
use super::stream::{Watched, sniff};
use super::whole::whole;

/// A header section has no more fields.
const HEADER_FIELDS: usize = 100;

/// What all connections of a listener share.
pub(super) struct Host {
    pub(super) router: Router,
    pub(super) bounds: Bounds,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) metrics: Metrics,
    pub(super) http1: Builder<TokioExecutor>,
    pub(super) http2: Builder<TokioExecutor>,
    /// Connections begin nothing new.
    pub(super) stop: CancellationToken,
    /// Connections end as they are.
    pub(super) cut: CancellationToken,
}

/// How HTTP/1 and HTTP/2 are spoken under the bounds.
pub(super) fn builders(bounds: &Bounds) -> (Builder<TokioExecutor>, Builder<TokioExecutor>) {
    let mut builder = Builder::new(TokioExecutor::new());
    // hyper's own time for headers would run while a connection is idle, too. A client that closes after its last byte
    // leaves a request whose bytes are to be kept: it runs to its end.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .half_close(true)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(bounds.header_bytes.max(8 * 1024) as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(bounds.ping)
        .keep_alive_timeout(bounds.ping)
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(bounds.header_bytes)
        .max_pending_accept_reset_streams(bounds.resets.min(20))
        .max_local_error_reset_streams(bounds.resets);
    (builder.clone().http1_only(), builder.http2_only())
}

impl Host {
    /// From the first byte to the last.
    pub(super) async fn converse(&self, stream: TcpStream, peer: IpAddr, held: Held) {
        // Answers are small and many: waiting to fill a packet only adds latency.
        let _ = stream.set_nodelay(true);
        let whole = self.greet(stream, peer, held);
        tokio::select! {
            () = whole => {}
            () = self.cut.cancelled() => self.metrics.cut("drain"),
        }
    }

    async fn greet(&self, stream: TcpStream, peer: IpAddr, held: Held) {
        let Some(tls) = &self.tls else { return self.settle(stream, peer, held).await };
        let handshake = timeout(self.bounds.handshake_timeout, tls.accept(stream));
        let greeted = tokio::select! {
            greeted = handshake => greeted,
            () = self.stop.cancelled() => return,
        };
        match greeted {
            Ok(Ok(stream)) => self.settle(stream, peer, held).await,
            Ok(Err(error)) => {
                self.metrics.cut("handshake");
                tracing::debug!(client.address = %peer, error = %error, "A TLS handshake failed.");
            }
            Err(_) => self.metrics.cut("handshake"),
        }
    }

    /// Finds out the version; a client that says nothing has no request under way that stopping should wait for.
    async fn settle<IO>(&self, mut io: IO, peer: IpAddr, held: Held)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let sniffed = tokio::select! {
            sniffed = timeout(self.bounds.header_timeout, sniff(&mut io)) => sniffed,
            () = self.stop.cancelled() => return,
        };
        match sniffed {
            Ok(Ok((http2, ahead))) => {
                let activity = Activity::new();
                let io = Watched::new(io, ahead, Arc::clone(&activity), self.bounds.write_timeout);
                self.serve(io, http2, &activity, peer, held).await;
            }
            Ok(Err(_)) => {}
            Err(_) => self.metrics.cut("headers"),
        }
    }

    async fn serve<IO>(&self, io: Watched<IO>, http2: bool, activity: &Arc<Activity>, peer: IpAddr, held: Held)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request: Request<Incoming>| {
            let under_way = activity.begin();
            let router = self.router.clone();
            let address = forwarded::client(peer, request.headers(), &self.bounds.proxies);
            let held = held.clone();
            async move {
                let response = answer(router, request, (ClientAddress(address), held)).await;
                Ok::<_, Infallible>(response.map(|body| under_way.answer(body, http2)))
            }
        });
        let builder = if http2 { &self.http2 } else { &self.http1 };
        let mut connection = std::pin::pin!(builder.serve_connection_with_upgrades(TokioIo::new(io), service));
        let mut leaving = false;
        loop {
            let due = activity.due(&self.bounds, http2);
            let ends = async {
                match due {
                    Due::Never => std::future::pending().await,
                    Due::Resets => {}
                    Due::Headers(at) | Due::Idle(at) | Due::Taken(at) => sleep_until(at).await,
                }
            };
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(client.address = %peer, error = %error, "A connection ended badly.");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !leaving => {
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
                () = activity.changed() => {}
                // A piece that was taken since, or a request that began, may have made something else due.
                () = ends => match activity.due(&self.bounds, http2) {
                    Due::Never => {}
                    Due::Headers(at) | Due::Idle(at) | Due::Taken(at) if at > Instant::now() => {}
                    due => return self.cut(due, peer),
                },
            }
        }
    }

    fn cut(&self, due: Due, peer: IpAddr) {
        match due {
            Due::Never | Due::Idle(_) => {}
            Due::Headers(_) => self.metrics.cut("headers"),
            Due::Taken(_) => self.metrics.cut("answers"),
            Due::Resets => {
                self.metrics.cut("resets");
                tracing::warn!(client.address = %peer, "A client took back too many requests and was cut off.");
            }
        }
    }
}

async fn answer(router: Router, request: Request<Incoming>, (address, held): (ClientAddress, Held)) -> Response<Body> {
    use tower::ServiceExt as _;
    let http2 = request.version() == Version::HTTP_2;
    let mut request = request.map(|body| if http2 { whole(Body::new(body)) } else { Body::new(body) });
    request.extensions_mut().insert(address);
    request.extensions_mut().insert(held);
    let Ok(response) = router.oneshot(request).await;
    response
}
