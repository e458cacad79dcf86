//! The other side: a thousand endpoints on one port, some of which fail or hang when they are told to.

use std::collections::HashSet;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use axum::body::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::crowd::CHANNELS;

/// Every so many fails in trouble.
const FAILING: usize = 20;
/// This one hangs in trouble.
const HANGING: usize = CHANNELS / 2 + 1;

/// Whether an endpoint is one of those that fail or hang in trouble.
pub(super) const fn is_troubled(channel: usize) -> bool {
    channel % FAILING == 7 || channel == HANGING
}

/// A message that came.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) at: Instant,
    pub(super) channel: usize,
    /// The transfer that it tells of.
    pub(super) transfer: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

impl Message {
    /// Each message once, though one may have come twice.
    pub(super) fn distinct(messages: Vec<Self>) -> Vec<Self> {
        let mut seen = HashSet::new();
        messages.into_iter().filter(|it| seen.insert((it.channel, it.transfer.clone()))).collect()
    }
}

/// All endpoints.
#[derive(Debug, Clone)]
pub(super) struct Receiver {
    address: SocketAddr,
    came: Arc<Mutex<Vec<Message>>>,
    trouble: Arc<watch::Sender<bool>>,
}

impl Receiver {
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the receiver")?;
        let receiver = Self {
            address: listener.local_addr().context("no address")?,
            came: Arc::default(),
            trouble: Arc::new(watch::Sender::new(false)),
        };
        tokio::spawn(receiver.clone().serve(listener));
        Ok(receiver)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self, channel: usize) -> String {
        format!("http://{}/hook/{channel}", self.address)
    }

    /// Begins or ends the trouble; whoever hung is answered at its end.
    pub(super) fn trouble(&self, trouble: bool) {
        self.trouble.send_replace(trouble);
    }

    /// What the endpoints took so far; forgotten here.
    pub(super) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.came.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let receiver = self.clone();
            let service = service_fn(move |request| {
                let receiver = receiver.clone();
                async move { Ok::<_, Infallible>(receiver.answer(request).await) }
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let (head, body) = request.into_parts();
        let status = |status| {
            let mut answer = Response::new(Empty::new());
            *answer.status_mut() = status;
            answer
        };
        let Ok(body) = body.collect().await else { return status(StatusCode::BAD_REQUEST) };
        let (at, body) = (Instant::now(), body.to_bytes());
        let Some(channel) = head.uri.path().rsplit('/').next().and_then(|it| it.parse().ok()) else {
            return status(StatusCode::NOT_FOUND);
        };
        // The bare client's come here too, and cost the same.
        let Some(transfer) = transfer_of(&body) else { return status(StatusCode::BAD_REQUEST) };
        let mut trouble = self.trouble.subscribe();
        if is_troubled(channel) && *trouble.borrow() {
            if channel == HANGING {
                let _ended = trouble.wait_for(|it| !*it).await;
            }
            return status(StatusCode::INTERNAL_SERVER_ERROR);
        }
        let headers = head.headers.iter().filter(|(name, _)| **name != HOST && **name != CONTENT_LENGTH);
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        let message = Message { at, channel, transfer, headers, body };
        if head.uri.path().starts_with("/hook/") {
            self.came.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        }
        status(StatusCode::OK)
    }
}

fn transfer_of(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body["data"]["transfer"].as_str().map(str::to_owned)
}
