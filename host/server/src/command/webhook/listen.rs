//! `lockgate webhook listen`: prints what arrives and whether its signature is right.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use clap::Args;
use lockgate_connectors::webhook::{ID, VerifyingKey, verify};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::output;

/// Where, and what to verify with.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// The file that holds the key to verify with: the shared secret `whsec_...` or the public key `whpk_...`
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,
    /// The key itself; others on this machine can see it while the command runs
    #[arg(long)]
    key: Option<String>,
    /// On which port of this machine; a free one if nothing is said
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The status to answer with, to see what a receiver's failure looks like to the sender
    #[arg(long, default_value = "204", value_parser = status)]
    answer: StatusCode,
    /// How old a message may be, in seconds
    #[arg(long, default_value_t = 300)]
    tolerance: u64,
    /// One JSON line a message
    #[arg(long)]
    json: bool,
}

struct Listening {
    key: Option<VerifyingKey>,
    answer: StatusCode,
    tolerance: Duration,
    json: bool,
    /// Told when nobody reads what is printed any more.
    unread: Notify,
}

impl Listen {
    pub(super) async fn run(&self) -> anyhow::Result<()> {
        let listening = Listening {
            key: self.verifying_key()?,
            answer: self.answer,
            tolerance: Duration::from_secs(self.tolerance),
            json: self.json,
            unread: Notify::new(),
        };
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listener = TcpListener::bind(at).await.with_context(|| format!("{at} cannot be listened on"))?;
        // Standard output is for the messages alone.
        output::tell(format_args!("listening on http://{}/ until Ctrl-C", listener.local_addr()?));
        if listening.key.is_none() {
            output::tell("nothing is verified: give the key with --key-file");
        }
        let listening = Arc::new(listening);
        let limit = DefaultBodyLimit::max(64 * 1024);
        let router = Router::new().fallback(receive).layer(limit).with_state(Arc::clone(&listening));
        let stop = async move {
            tokio::select! {
                // Without a signal there is nothing to wait for: better to end than to ignore Ctrl-C.
                _ = tokio::signal::ctrl_c() => {}
                () = listening.unread.notified() => {}
            }
        };
        axum::serve(listener, router).with_graceful_shutdown(stop).await.context("listening ended")
    }

    fn verifying_key(&self) -> anyhow::Result<Option<VerifyingKey>> {
        let text = match (&self.key_file, &self.key) {
            (Some(path), _) => {
                std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?
            }
            (None, Some(text)) => text.clone(),
            (None, None) => return Ok(None),
        };
        Ok(Some(VerifyingKey::parse(text.trim())?))
    }
}

/// A message that does not verify is answered as a receiver should: with 401, so that nothing is taken for received.
async fn receive(State(listening): State<Arc<Listening>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = OffsetDateTime::now_utc();
    let verdict = listening.key.as_ref().map(|key| verify(key, &headers, &body, now, listening.tolerance));
    let verified = match &verdict {
        None => "not verified".to_owned(),
        Some(Ok(())) => "signature right".to_owned(),
        Some(Err(error)) => format!("REFUSED: {error}"),
    };
    let id = headers.get(ID).and_then(|id| id.to_str().ok()).unwrap_or("without id");
    let message: Value = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
    let text = if listening.json {
        json!({ "id": id, "verified": verdict.as_ref().map(Result::is_ok), "message": message }).to_string()
    } else {
        let kind = harmless(message["type"].as_str().unwrap_or("no event")).replace('\n', "\\n");
        format!("{kind}  {id}  {} bytes  {verified}\n{message:#}\n", body.len())
    };
    let printed = output::line(harmless(&text));
    if printed.is_err() {
        // Nobody saw it: it is not taken, and there is no use in going on.
        listening.unread.notify_one();
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    match verdict {
        Some(Err(_)) => StatusCode::UNAUTHORIZED,
        _ => listening.answer,
    }
}

/// The text without what would steer a terminal or turn its writing around: anybody may send such. What is written instead
/// is how JSON writes it, so that JSON stays what it is.
fn harmless(text: &str) -> String {
    let steers = |char: char| {
        (char.is_control() && char != '\n')
            || matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let written = |char: char| if steers(char) { format!("\\u{:04x}", u32::from(char)) } else { char.to_string() };
    text.chars().map(written).collect()
}

fn status(text: &str) -> Result<StatusCode, String> {
    text.parse().map_err(|_| format!("`{text}` is not an HTTP status: write a number such as 204 or 503"))
}
