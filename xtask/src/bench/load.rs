//! The load: small files at a fixed rate, whether or not those before have come through (an open loop).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::body::Bytes;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::Client;

/// When what happened to one transfer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    /// When it was due, and the first request went out.
    pub(super) due: Instant,
    /// When the bytes went out.
    pub(super) announced: Instant,
    /// When they were acknowledged.
    pub(super) acknowledged: Instant,
}

/// Sends `count` files, `rate` a second, each with a mark in it; gives the times by mark.
pub(super) async fn send(
    client: &Client,
    rate: u32,
    count: u32,
    file: fn(&str) -> Bytes,
) -> Result<HashMap<String, Sent>> {
    let begin = Instant::now();
    let mut under_way = JoinSet::new();
    for number in 0..count {
        let due = begin + Duration::from_secs(1) * number / rate;
        tokio::time::sleep_until(due.into()).await;
        let client = client.clone();
        under_way.spawn(async move {
            let mark = format!("mark-{number:06}");
            let sent = send_one(&client, due, file(&mark)).await;
            sent.map(|sent| (mark, sent))
        });
    }
    let mut all = HashMap::new();
    while let Some(sent) = under_way.join_next().await {
        let (mark, sent) = sent.context("a sender panicked")??;
        all.insert(mark, sent);
    }
    Ok(all)
}

async fn send_one(client: &Client, due: Instant, file: Bytes) -> Result<Sent> {
    let input = json!({ "to": ["globex"], "fileName": "requests.csv", "mediaType": "text/csv", "size": file.len() });
    let created = client
        .graphql(
            "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { uploadUrl } }",
            json!({ "input": input }),
        )
        .await?;
    let announced = Instant::now();
    client.upload(created["createTransfer"]["uploadUrl"].as_str().context("no upload URL")?, file).await?;
    Ok(Sent { due, announced, acknowledged: Instant::now() })
}
