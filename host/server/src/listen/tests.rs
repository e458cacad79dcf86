//! The listener against clients that are slow, silent, many or hostile; on loopback, over real sockets.

mod caps;
mod drain;
mod http2;
mod slow;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Extension;
use axum::routing::{get, post};
use lockgate_api::ClientAddress;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Bounds, Port};

/// What no client of a test comes near, unless the test says so.
pub(crate) fn bounds() -> Bounds {
    let long = Duration::from_secs(120);
    Bounds {
        header_timeout: long,
        handshake_timeout: long,
        idle_timeout: long,
        write_timeout: long,
        connections: 10_000,
        connections_per_address: 10_000,
        header_bytes: 32 * 1024,
        streams: 128,
        resets: 100,
        ping: long,
        drain: long,
        proxies: vec![],
    }
}

/// A listener at work.
struct Stage {
    address: SocketAddr,
    stop: CancellationToken,
    bodies_end: watch::Receiver<bool>,
    /// Hears of each request to `/wait`; those go on when `go` is called.
    began: Arc<Notify>,
    go: Arc<Notify>,
    /// What goes on beyond its request.
    carried: TaskTracker,
    serving: JoinHandle<anyhow::Result<()>>,
}

impl Stage {
    async fn set(bounds: Bounds, tls: Option<TlsAcceptor>) -> Self {
        let (began, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (heard, waits) = (Arc::clone(&began), Arc::clone(&go));
        let wait = async move || {
            heard.notify_one();
            waits.notified().await;
            "done"
        };
        let endless =
            async || Body::from_stream(futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 65_536])));
        let router = Router::new()
            .route("/", get(async || "served"))
            .route("/who", get(async |Extension(ClientAddress(address)): Extension<ClientAddress>| address.to_string()))
            .route("/echo", post(async |body: Bytes| body))
            .route("/wait", get(wait))
            .route("/endless", get(endless));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (stopping, bodies_end) = watch::channel(false);
        let stop = CancellationToken::new();
        let carried = TaskTracker::new();
        let port = Port { name: "test", listener, router, bounds, tls, stopping, carried: carried.clone() };
        let serving = tokio::spawn(port.serve(stop.clone()));
        Self { address, stop, bodies_end, began, go, carried, serving }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("the listener accepts")
    }

    /// The answer to one request on a connection of its own.
    async fn ask(&self, path: &str) -> String {
        let mut stream = self.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("the request is taken");
        said(&mut stream).await
    }

    async fn is_served(&self) {
        let answer = self.ask("/").await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("served"), "{answer}");
    }
}

/// Everything that the other side says until it ends, however it does.
async fn said(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = vec![];
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn handlers_learn_the_clients_address() {
    let stage = Stage::set(bounds(), None).await;
    assert!(stage.ask("/who").await.ends_with("127.0.0.1"));
    let proxied =
        Stage::set(Bounds { proxies: vec!["127.0.0.0/8".parse().expect("a network")], ..bounds() }, None).await;
    let mut stream = proxied.connect().await;
    let request = b"GET /who HTTP/1.1\r\nhost: test\r\nx-forwarded-for: 203.0.113.9\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.expect("the request is taken");
    assert!(said(&mut stream).await.ends_with("203.0.113.9"));
}
