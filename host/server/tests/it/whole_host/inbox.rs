//! The inbox: a receiver of files and messages that counts what it takes, and can be down.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;
use bytes::Bytes;
use serde_json::Value;

/// What came, in the order in which it came; and whether anything is taken.
#[derive(Default)]
struct Taken {
    keys: Mutex<Vec<String>>,
    messages: Mutex<Vec<(String, Value)>>,
    down: AtomicBool,
}

pub(super) struct Inbox {
    origin: String,
    taken: Arc<Taken>,
}

impl Inbox {
    pub(super) async fn open() -> Self {
        let taken = Arc::new(Taken::default());
        let router = Router::new()
            .route("/inbox", any(take))
            .layer(DefaultBodyLimit::disable())
            .route("/hooks/{name}", any(hear))
            .with_state(Arc::clone(&taken));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let origin = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, taken }
    }

    /// Where files go.
    pub(super) fn url(&self) -> String {
        format!("{}/inbox", self.origin)
    }

    /// Where a webhook of that name is; one whose name begins with `gone` answers 410.
    pub(super) fn webhook(&self, name: &str) -> String {
        format!("{}/hooks/{name}", self.origin)
    }

    /// Lets it answer 503 to every file, or take every file.
    pub(super) fn down(&self, down: bool) {
        self.taken.down.store(down, Ordering::SeqCst);
    }

    /// How often each idempotency key came.
    pub(super) fn received(&self) -> HashMap<String, usize> {
        let mut counts = HashMap::new();
        for key in self.taken.keys.lock().expect("not poisoned").iter() {
            *counts.entry(key.clone()).or_default() += 1;
        }
        counts
    }

    /// The keys in the order in which each came first.
    pub(super) fn arrived(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let keys = self.taken.keys.lock().expect("not poisoned");
        keys.iter().filter(|key| seen.insert((*key).clone())).cloned().collect()
    }

    /// The messages that came to webhooks, each with the last segment of its path.
    pub(super) fn messages(&self) -> Vec<(String, Value)> {
        self.taken.messages.lock().expect("not poisoned").clone()
    }
}

async fn take(State(taken): State<Arc<Taken>>, headers: HeaderMap, _body: Bytes) -> StatusCode {
    if taken.down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let key = headers.get("idempotency-key").and_then(|it| it.to_str().ok()).unwrap_or_default();
    taken.keys.lock().expect("not poisoned").push(key.to_owned());
    StatusCode::OK
}

async fn hear(State(taken): State<Arc<Taken>>, Path(name): Path<String>, body: Bytes) -> StatusCode {
    let message = serde_json::from_slice(&body).expect("a message is JSON");
    let gone = name.starts_with("gone");
    taken.messages.lock().expect("not poisoned").push((name, message));
    if gone { StatusCode::GONE } else { StatusCode::NO_CONTENT }
}
