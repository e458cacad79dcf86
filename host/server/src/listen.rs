//! Accepts connections and serves a router on them: our own loop, because timers and limits belong to it.
//!
//! *Invariant:* nothing that a client does or leaves undone keeps a connection, a handler or memory for longer than a
//! setting says (`bounds.rs`).

mod activity;
mod bounds;
mod conversation;
mod forwarded;
mod metrics;
mod room;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod whole;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use lockgate_api::Held;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use bounds::Bounds;
pub(crate) use tls::Certificate;

use conversation::{Host, builders};
use metrics::Metrics;
use room::{Full, Room};

/// After an accept that failed for lack of something, such as file descriptors.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// The whole answer to a connection for which there is no room.
const NO_ROOM: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
cache-control: no-store\r\nretry-after: 2\r\nconnection: close\r\ncontent-length: 201\r\n\r\n\
{\"type\":\"urn:lockgate:error:temporarily-unavailable\",\"title\":\"The host has no room for another connection.\",\
\"status\":503,\"detail\":\"use fewer connections, or try again\",\"code\":\"TEMPORARILY_UNAVAILABLE\"}";

/// A port and what is served on it.
pub(crate) struct Port {
    /// For metrics.
    pub(crate) name: &'static str,
    pub(crate) listener: TcpListener,
    pub(crate) router: Router,
    pub(crate) bounds: Bounds,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Hears when request bodies end where they are, because the host stops.
    pub(crate) stopping: watch::Sender<bool>,
    /// What requests began and goes on though their connections are gone: uploads that set down what came.
    pub(crate) carried: TaskTracker,
}

/// Opens a port.
pub(crate) async fn bind(what: &str, address: std::net::SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("`{what}`: {address} cannot be listened on; is it in use? Port 0 takes a free one"))
}

impl Port {
    /// Serves until told to stop, then lets requests under way end within the time for draining: new connections are
    /// refused by the system, idle ones close, after half of the time uploads are kept as far as they came, and at its end
    /// what is left is cut.
    pub(crate) async fn serve(self, stop: CancellationToken) -> anyhow::Result<()> {
        let Self { name, listener, router, bounds, tls, stopping, carried } = self;
        let room = Room::new(&bounds);
        let (http1, http2) = builders(&bounds);
        let cut = CancellationToken::new();
        let metrics = Metrics::new(name);
        let host = Arc::new(Host { router, bounds, tls, metrics, http1, http2, stop: stop.clone(), cut: cut.clone() });
        let conversations = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => admit(&host, &room, &conversations, stream, peer.ip()),
                Err(error) => {
                    tracing::warn!(error = %error, "A connection could not be accepted.");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        drop(listener);
        conversations.close();
        carried.close();
        let all_ended = async || {
            conversations.wait().await;
            carried.wait().await;
        };
        let bodies_end = host.bounds.bodies_end();
        if tokio::time::timeout(bodies_end, all_ended()).await.is_ok() {
            return Ok(());
        }
        stopping.send_replace(true);
        if tokio::time::timeout(host.bounds.drain - bodies_end, all_ended()).await.is_err() {
            tracing::warn!(
                connections = room.taken(),
                uploads = carried.len(),
                "Some requests did not end in time and were cut off."
            );
            cut.cancel();
            conversations.wait().await;
        }
        Ok(())
    }
}

fn admit(host: &Arc<Host>, room: &Arc<Room>, conversations: &TaskTracker, stream: TcpStream, peer: IpAddr) {
    match room.enter(peer) {
        Ok(place) => {
            host.metrics.open(room.taken());
            let host = Arc::clone(host);
            let room = Arc::clone(room);
            conversations.spawn(async move {
                host.converse(stream, peer, Held(Arc::new(place))).await;
                host.metrics.open(room.taken());
            });
        }
        Err(full) => {
            host.metrics.refused(if full == Full::All { "all" } else { "address" });
            // One attempt without waiting: a refusal costs nothing more than this.
            if host.tls.is_none()
                && let Ok(mut stream) = stream.into_std()
            {
                let _ = std::io::Write::write(&mut stream, NO_ROOM);
            }
        }
    }
}
