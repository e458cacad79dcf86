//! The accounts: what became of every transfer, asked of the gate when everything has settled.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::Client;

/// How long transfers may take to finish after the last one was sent.
const PATIENCE: Duration = Duration::from_secs(300);

const UNDER_WAY: &str =
    "query { transfers(first: 1, filter: { states: [ANNOUNCED, RECEIVED, ACCEPTED] }) { nodes { id } } }";
const ALL: &str = "query($after: String) { transfers(first: 10, after: $after) { pageInfo { hasNextPage endCursor }
  nodes { id state decisions { side revisions { number } } consignments { deliveries { id state } }
    provenance(first: 40) { nodes { kind consignment details } } } } }";

/// One line per transfer.
#[derive(Debug)]
pub(super) struct Accounts {
    transfers: Vec<Value>,
    missing: usize,
}

impl Accounts {
    /// Waits until nothing is under way, then reads everything.
    pub(super) async fn close(operator: &Client, sent: &[String]) -> Result<Self> {
        let until = Instant::now() + PATIENCE;
        while !list(&operator.graphql(UNDER_WAY, json!({})).await?["transfers"]["nodes"]).is_empty() {
            if Instant::now() > until {
                break;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let mut transfers = vec![];
        let mut after = Value::Null;
        loop {
            let page = operator.graphql(ALL, json!({ "after": after })).await?;
            let page = &page["transfers"];
            transfers.extend(list(&page["nodes"]).iter().cloned());
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let known: HashSet<_> = transfers.iter().filter_map(|it| it["id"].as_str()).collect();
        let missing = sent.iter().filter(|id| !known.contains(id.as_str())).count();
        let acknowledged: HashSet<_> = sent.iter().map(String::as_str).collect();
        let extra = known.difference(&acknowledged).count();
        anyhow::ensure!(extra == 0, "{extra} transfers exist that nobody was told of: a key announced two");
        Ok(Self { transfers, missing })
    }

    pub(super) fn unfinished(&self) -> usize {
        self.missing + self.transfers.iter().filter(|it| it["state"] != "FINISHED").count()
    }

    pub(super) fn doubled(&self) -> usize {
        let deliveries =
            |it: &Value| list(&it["consignments"]).iter().map(|it| list(&it["deliveries"]).len()).sum::<usize>();
        self.transfers.iter().filter(|it| deliveries(it) != 1).count()
    }

    /// Exactly one inbound decision, by exactly one revision, entered in provenance once.
    pub(super) fn judged_otherwise(&self) -> usize {
        self.transfers.iter().filter(|it| revision(it).is_err()).count()
    }

    pub(super) fn by_revision(&self) -> String {
        let mut counts = BTreeMap::new();
        for number in self.transfers.iter().filter_map(|it| revision(it).ok()) {
            *counts.entry(number).or_insert(0) += 1;
        }
        counts.iter().map(|(number, count)| format!("revision {number}: {count}")).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn adopted(&self) -> usize {
        let entries = self.transfers.iter().flat_map(|it| list(&it["provenance"]["nodes"]));
        entries.filter(|it| it["kind"] == "claimed" && it["details"]["origin"] != "kafka").count()
    }
}

fn revision(transfer: &Value) -> Result<u64> {
    let [decision] = list(&transfer["decisions"]).iter().filter(|it| it["side"] == "INBOUND").collect::<Vec<_>>()[..]
    else {
        anyhow::bail!("not one decision");
    };
    let [revision] = list(&decision["revisions"]) else { anyhow::bail!("not one revision") };
    let judged = list(&transfer["provenance"]["nodes"])
        .iter()
        .filter(|it| it["kind"] == "judged" && it["consignment"].is_null())
        .count();
    anyhow::ensure!(judged == 1, "judged {judged} times");
    revision["number"].as_u64().context("a revision has a number")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
