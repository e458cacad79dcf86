//! A page of 100 transfers with what hangs on them, by GraphQL and by a plain handler that runs the same statements.

use anyhow::{Context, Result, ensure};
use axum::body::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use super::{TURN, closed, verdict};
use crate::bench::plain::Plain;
use crate::client::Client;
use crate::stage::Stage;

/// The least share of the plain handler's answers a second that the gate must come to.
const AIM: f64 = 0.6;
const CLIENTS: usize = 8;
const ROWS: usize = 100;

/// Twelve fields of each, three of them lists.
const LIST: &str = "query($first: Int!) { transfers(first: $first) { nodes {
    id state reason fileName mediaType createdAt updatedAt source { size digest } facts { name value }
    sender { id slug name }
    decisions { side verdict findingsTotal decidedAt }
    consignments { state deliveries { state attemptCount lastError } }
} } }";

pub(super) async fn measure(stage: &Stage, operator: &Client, plain: &Plain, rounds: usize) -> Result<bool> {
    println!("\nListing {ROWS} transfers from {CLIENTS} clients, {rounds} rounds, the plain handler in between ...");
    let peer = plain.list(stage)?;
    let ours = || ask(operator, ROWS);
    let path = format!("/list?first={ROWS}");
    let theirs = || fetch(&peer.client, &path);
    let (mine, other): (Value, Value) =
        (serde_json::from_slice(&ours().await?)?, serde_json::from_slice(&theirs().await?)?);
    ensure!(mine["data"] == other["data"], "the two answer differently: {mine} and {other}");
    let nodes = mine["data"]["transfers"]["nodes"].as_array().context("an answer has transfers")?;
    ensure!(nodes.len() == ROWS, "{} transfers were listed", nodes.len());
    let (mut us, mut them) = (vec![], vec![]);
    for round in 0..=rounds {
        let rates = (closed::rate(CLIENTS, TURN, theirs).await?, closed::rate(CLIENTS, TURN, ours).await?);
        // The first round fills caches and pools.
        if round > 0 {
            them.push(rates.0);
            us.push(rates.1);
        }
    }
    let what = format!("a list of {ROWS} x 12 against the same statements in a plain handler");
    Ok(verdict(&what, "a second", &us, &them, AIM))
}

/// The list of so many by GraphQL, as it came.
pub(super) async fn ask(client: &Client, rows: usize) -> Result<Bytes> {
    let body = serde_json::to_vec(&json!({ "query": LIST, "variables": { "first": rows } }))?;
    let headers = [("content-type", "application/json")];
    let (status, answer) = client.send(Method::POST, "/graphql", &headers, body.into()).await?;
    ensure!(
        status.is_success() && answer.starts_with(b"{\"data\":{"),
        "{status}: {}",
        String::from_utf8_lossy(&answer)
    );
    Ok(answer)
}

async fn fetch(client: &Client, path: &str) -> Result<Bytes> {
    let (status, answer) = client.send(Method::GET, path, &[], Bytes::new()).await?;
    ensure!(status.is_success(), "the plain handler answered {status}: {}", String::from_utf8_lossy(&answer));
    Ok(answer)
}
