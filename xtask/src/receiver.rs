//! The receiving companies of the demo: HTTP endpoints that verify signatures by the published rules, not by our code.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context, Result};
use aws_lc_rs::{digest, hmac};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;

/// One request that came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// When it was complete.
    pub(crate) at: Instant,
    /// The path's last segment: whose endpoint.
    pub(crate) who: String,
    /// The idempotency key or the webhook's id.
    pub(crate) key: String,
    /// Whether the signature is right; `None` without one.
    pub(crate) verified: Option<bool>,
    /// The answer we gave.
    pub(crate) status: u16,
    /// The payload or message.
    pub(crate) bytes: Bytes,
}

/// How an endpoint behaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behaviour {
    /// `whsec_...`; signatures are checked with it.
    pub(crate) secret: Option<String>,
    /// How many requests get a 503 before the first 200.
    pub(crate) refusals: usize,
    /// Whether it answers nothing but 503, until all are revived.
    pub(crate) down: bool,
}

/// All endpoints, on one port.
#[derive(Debug, Clone)]
pub(crate) struct Receivers {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    behaviours: HashMap<String, Behaviour>,
    received: Vec<Received>,
}

impl Receivers {
    pub(crate) async fn start(behaviours: HashMap<String, Behaviour>) -> Result<Self> {
        let listener =
            TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.context("no port for the receivers")?;
        let address = listener.local_addr().context("no address")?;
        let shared = Arc::new(Mutex::new(Shared { behaviours, received: vec![] }));
        let router = Router::new().route("/{who}", post(receive)).with_state(Arc::clone(&shared)).layer(limit());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, shared })
    }

    /// The URL of an endpoint.
    pub(crate) fn url(&self, who: &str) -> String {
        format!("http://{}/{who}", self.address)
    }

    /// Lets all endpoints that are down answer again.
    pub(crate) fn revive(&self) {
        let mut shared = self.shared.lock().expect("no thread panics while it holds the list");
        shared.behaviours.values_mut().for_each(|it| it.down = false);
    }

    /// What came to an endpoint so far.
    pub(crate) fn received(&self, who: &str) -> Vec<Received> {
        let shared = self.shared.lock().expect("no thread panics while it holds the list");
        shared.received.iter().filter(|it| it.who == who).cloned().collect()
    }
}

fn limit() -> axum::extract::DefaultBodyLimit {
    axum::extract::DefaultBodyLimit::max(64 * 1024 * 1024)
}

async fn receive(
    State(shared): State<Arc<Mutex<Shared>>>,
    Path(who): Path<String>,
    headers: HeaderMap,
    bytes: Bytes,
) -> StatusCode {
    let at = Instant::now();
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let mut shared = shared.lock().expect("no thread panics while it holds the list");
    let earlier = shared.received.iter().filter(|it| it.who == who).count();
    let behaviour = shared.behaviours.get(&who).cloned().unwrap_or_default();
    let delivery = !header("idempotency-key").is_empty();
    let verified = behaviour.secret.as_deref().map(|secret| verify(secret, &headers, &bytes, delivery));
    let status = match verified {
        Some(false) => StatusCode::UNAUTHORIZED,
        _ if behaviour.down || earlier < behaviour.refusals => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let key = if delivery { header("idempotency-key") } else { header("webhook-id") };
    shared.received.push(Received { at, who, key, verified, status: status.as_u16(), bytes });
    status
}

/// Standard Webhooks 1.0: HMAC-SHA256 over `id.timestamp.content`. A delivery signs its payload's digest in place of the
/// payload, which may be larger than memory.
fn verify(secret: &str, headers: &HeaderMap, bytes: &[u8], delivery: bool) -> bool {
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let Ok(key) = STANDARD.decode(secret.trim_start_matches("whsec_")) else { return false };
    let mut signed = format!("{}.{}.", header("webhook-id"), header("webhook-timestamp")).into_bytes();
    if delivery {
        let sum = digest::digest(&digest::SHA256, bytes);
        let hex: String = sum.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        signed.extend_from_slice(format!("sha256={hex}").as_bytes());
    } else {
        signed.extend_from_slice(bytes);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    header("webhook-signature")
        .split(' ')
        .filter_map(|it| STANDARD.decode(it.strip_prefix("v1,")?).ok())
        .any(|tag| hmac::verify(&key, &signed, &tag).is_ok())
}
