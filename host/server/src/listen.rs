//! Accepts connections and serves a router on them: our own loop, because timers and limits belong to it.
//!
//! A client that sends its headers too slowly is cut off; when the host stops, idle connections close at once and
//! requests under way may end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// After an accept that failed for lack of something, such as file descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What bounds connections.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) header_timeout: Duration,
    pub(crate) max_connections: usize,
    pub(crate) drain: Duration,
}

/// Opens a port.
pub(crate) async fn bind(what: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("`{what}`: {address} cannot be listened on; is it in use? Port 0 takes a free one"))
}

/// Serves until told to stop, then lets requests under way end within the time for draining.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut builder = Builder::new(TokioExecutor::new());
    // A client that closes after its last byte leaves a request whose bytes are to be kept: it runs to its end.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(bounds.header_timeout).half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(256);
    let builder = Arc::new(builder);
    let room = Arc::new(Semaphore::new(bounds.max_connections));
    let graceful = GracefulShutdown::new();
    loop {
        let permit = tokio::select! {
            () = stop.cancelled() => break,
            permit = Arc::clone(&room).acquire_owned() => permit.context("the semaphore is never closed")?,
        };
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(error = %error, "A connection could not be accepted.");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            },
        };
        let conversation =
            converse(Arc::clone(&builder), stream, router.clone(), bounds.header_timeout, graceful.watcher());
        tokio::spawn(async move {
            conversation.await;
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(bounds.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("Some requests did not end in time and were cut off.");
    }
    Ok(())
}

/// One connection's life.
async fn converse(
    builder: Arc<Builder<TokioExecutor>>,
    stream: TcpStream,
    router: Router,
    patience: Duration,
    watcher: Watcher,
) {
    // Answers are small and many: waiting to fill a packet only adds latency.
    let _ = stream.set_nodelay(true);
    if tokio::time::timeout(patience, version_known(&stream)).await.is_err() {
        return;
    }
    let service = TowerToHyperService::new(router);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(serving).await {
        tracing::debug!(error = %error, "A connection ended badly.");
    }
}

/// Waits until the first bytes tell HTTP/1 from HTTP/2. The builder would wait for them without a limit, and its timer
/// for headers only begins afterwards.
async fn version_known(stream: &TcpStream) {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut seen = [0; PREFACE.len()];
    loop {
        match stream.peek(&mut seen).await {
            Ok(count) if count > 0 && count < PREFACE.len() && PREFACE.starts_with(&seen[..count]) => {
                // What is there stays readable: only time brings more.
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            _ => return,
        }
    }
}
