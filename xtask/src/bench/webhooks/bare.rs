//! The peer: a hyper client that posts given messages, with their headers, and does nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;

use super::receiver::Message;

/// Posts them all, so many at once; how long it took.
pub(super) async fn post(messages: &[Message], to: SocketAddr, at_once: usize) -> Result<Duration> {
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let messages: Arc<[Message]> = messages.into();
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut loops = JoinSet::new();
    for _ in 0..at_once {
        let (client, messages, next) = (client.clone(), Arc::clone(&messages), Arc::clone(&next));
        loops.spawn(async move {
            while let Some(message) = messages.get(next.fetch_add(1, Ordering::Relaxed)) {
                let mut request = Request::post(format!("http://{to}/bare/{}", message.channel));
                for (name, value) in &message.headers {
                    request = request.header(name, value);
                }
                let answer = client.request(request.body(Full::new(message.body.clone()))?).await?;
                ensure!(answer.status().is_success(), "the receiver answered {}", answer.status());
                answer.into_body().collect().await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = loops.join_next().await {
        ended.context("a loop panicked")??;
    }
    Ok(begun.elapsed())
}
