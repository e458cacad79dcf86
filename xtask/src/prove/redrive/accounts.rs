//! The accounts of a redrive: what the gate says it delivered against what the receiver counted.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use serde_json::{Value, json};

use super::{list, number};
use crate::client::Client;
use crate::receiver::{Received, Receivers};

const ALL: &str = "query($after: String) { deliveries(state: DELIVERED, first: 100, after: $after) {
  pageInfo { hasNextPage endCursor } nodes { id key position destination { name } } } }";

/// One line per destination, and the gate's word for each delivery.
#[derive(Debug)]
pub(super) struct Accounts {
    /// What each destination took, in the order in which it came.
    taken: Vec<Vec<Received>>,
    /// Each delivery's key and position, by the gate.
    delivered: HashMap<String, usize>,
}

impl Accounts {
    pub(super) async fn close(client: &Client, receivers: &Receivers, names: &[String]) -> Result<Self> {
        let mut delivered = HashMap::new();
        let mut after = Value::Null;
        loop {
            let page = client.graphql(ALL, json!({ "after": after })).await?;
            let page = &page["deliveries"];
            for it in list(&page["nodes"]) {
                delivered.insert(it["key"].as_str().unwrap_or_default().to_owned(), number(&it["position"]));
            }
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        let taken = |name: &String| receivers.received(name).into_iter().filter(|it| it.status == 200).collect();
        Ok(Self { taken: names.iter().map(taken).collect(), delivered })
    }

    fn distinct(&self) -> HashSet<&str> {
        self.taken.iter().flatten().map(|it| it.key.as_str()).collect()
    }

    pub(super) fn keys(&self) -> usize {
        self.distinct().len()
    }

    /// The same bytes at the same destination under another key.
    pub(super) fn rekeyed(&self) -> usize {
        let twice = |taken: &Vec<Received>| {
            let mut keys: HashMap<&[u8], HashSet<&str>> = HashMap::new();
            for it in taken {
                keys.entry(&it.bytes).or_default().insert(&it.key);
            }
            keys.values().filter(|keys| keys.len() > 1).count()
        };
        self.taken.iter().map(twice).sum()
    }

    /// Delivered by the gate's word, and never seen by the receiver.
    pub(super) fn lost(&self) -> usize {
        let distinct = self.distinct();
        self.delivered.keys().filter(|key| !distinct.contains(key.as_str())).count()
    }

    /// First arrivals at the ordered destinations that come after one with a higher position.
    pub(super) fn disordered(&self, ordered: usize) -> usize {
        let behind = |taken: &Vec<Received>| {
            let (mut seen, mut highest, mut behind) = (HashSet::new(), 0, 0);
            for it in taken.iter().filter(|it| seen.insert(it.key.clone())) {
                let position = self.delivered.get(&it.key).copied().unwrap_or_default();
                behind += usize::from(position <= highest);
                highest = highest.max(position);
            }
            behind
        };
        self.taken[..ordered].iter().map(behind).sum()
    }

    pub(super) fn repeats(&self) -> usize {
        self.taken.iter().flatten().count() - self.keys()
    }
}
