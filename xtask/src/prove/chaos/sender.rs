//! A sender as partners are told to write one: an idempotency key, resumed uploads, another host when one is silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::Client;

/// How long one transfer is tried before the proof has failed.
const PATIENCE: Duration = Duration::from_secs(180);

/// Sends the transfers with these numbers; gives the ids of those that were acknowledged.
pub(super) async fn send_all(
    hosts: Vec<Client>,
    numbers: impl Iterator<Item = usize>,
    acknowledged: Arc<AtomicUsize>,
) -> Result<Vec<String>> {
    let mut sent = vec![];
    for number in numbers {
        sent.push(send(&hosts, number).await?);
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
    Ok(sent)
}

async fn send(hosts: &[Client], number: usize) -> Result<String> {
    let until = Instant::now() + PATIENCE;
    let mut turn = number;
    loop {
        match attempt(&hosts[turn % hosts.len()], number).await {
            Ok(id) => return Ok(id),
            Err(error) if Instant::now() > until => bail!("transfer {number} was never acknowledged: {error:#}"),
            Err(_) => {
                turn += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Announces, or finds again what was announced; sends what is not safe yet.
async fn attempt(host: &Client, number: usize) -> Result<String> {
    let file = Bytes::from(format!("name,amount\nann,{number}\n"));
    let input = json!({
        "to": ["globex"], "fileName": format!("amounts-{number}.csv"), "mediaType": "text/csv", "size": file.len(),
        "idempotencyKey": format!("amounts-{number}"),
    });
    let mutation =
        "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transfer { id } uploadUrl } }";
    let announced = tokio::time::timeout(Duration::from_secs(10), host.graphql(mutation, json!({ "input": input })))
        .await
        .context("no answer in ten seconds")??;
    let announced: &Value = &announced["createTransfer"];
    let url = announced["uploadUrl"].as_str().context("no upload URL")?;
    let exchange = async {
        let offset = host.offset(url).await?;
        let rest = file.slice(usize::try_from(offset)?.min(file.len())..);
        if rest.is_empty() { Ok(()) } else { host.append(url, offset, rest).await }
    };
    tokio::time::timeout(Duration::from_secs(10), exchange).await.context("no answer in ten seconds")??;
    Ok(announced["transfer"]["id"].as_str().context("a transfer has an id")?.to_owned())
}
