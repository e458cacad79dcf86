//! An open loop: requests at fixed moments, whether or not those before were answered; times count from those moments.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{ANNOUNCE, announcement};
use crate::client::Client;

/// What is asked, in turns: out of ten requests one announces and nine read.
const MIX: [&str; 10] = [
    "one transfer with its history",
    "a list of 20 transfers",
    "one transfer with its history",
    "a list of 20 deliveries",
    "one transfer with its history",
    "who am I",
    "a list of 20 transfers",
    "one transfer with its history",
    "createTransfer",
    "a list of 20 deliveries",
];

/// What came of a load.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// How long the answers took, by what was asked.
    pub(super) times: BTreeMap<&'static str, Vec<Duration>>,
    /// How long it took until requests were refused.
    pub(super) refused: Vec<Duration>,
    /// What the first of them was told.
    pub(super) because: Option<String>,
}

/// Sends `count` requests, `rate` a second.
pub(super) async fn load(
    operator: &Client,
    sender: &Client,
    transfer: &Value,
    rate: u32,
    count: u32,
) -> Result<Answers> {
    let begin = Instant::now();
    let mut under_way = JoinSet::new();
    for number in 0..count {
        let due = begin + Duration::from_secs(1) * number / rate;
        tokio::time::sleep_until(due.into()).await;
        let kind = MIX[number as usize % MIX.len()];
        let (client, query, variables) = match kind {
            "createTransfer" => (sender.clone(), ANNOUNCE, announcement(Some(1_000))),
            "a list of 20 transfers" => (operator.clone(), TRANSFERS, json!({})),
            "a list of 20 deliveries" => (operator.clone(), DELIVERIES, json!({})),
            "who am I" => (sender.clone(), "{ viewer { role partner { slug name } } }", json!({})),
            _ => (operator.clone(), ONE, json!({ "id": transfer })),
        };
        under_way.spawn(async move { (kind, client.graphql(query, variables).await, due.elapsed()) });
    }
    let mut answers = Answers::default();
    while let Some(ended) = under_way.join_next().await {
        match ended.context("a client panicked")? {
            (kind, Ok(_), took) => answers.times.entry(kind).or_default().push(took),
            (_, Err(error), took) => {
                answers.refused.push(took);
                answers.because.get_or_insert_with(|| error.to_string());
            }
        }
    }
    Ok(answers)
}

const TRANSFERS: &str = "{ transfers(first: 20) { nodes { id state fileName createdAt sender { slug } } } }";

const DELIVERIES: &str = "{ deliveries(first: 20) { nodes { id state attemptCount destination { name } } } }";

const ONE: &str = "query($id: ID!) { transfer(id: $id) { id state fileName sender { slug }
    decisions { verdict findingsTotal } provenance(first: 20) { nodes { kind at } } } }";
