//! The partners of the measurement, each with channels of its own, and the transfers of which they are told.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hyper::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::receiver::{Message, Receiver, is_troubled};
use crate::client::Client;
use crate::operator::Operator;
use crate::stage::Stage;

/// Channels in all.
pub(super) const CHANNELS: usize = 1_000;
/// Channels of one partner: each of its transfers is told to all of them. Many, because what is measured are messages, and
/// a transfer costs as much as dozens of them.
pub(super) const PER_PARTNER: usize = 100;
/// Messages of one binding, the most that a plugin may compose.
const PER_BINDING: usize = 10;
/// Senders at once in a burst.
const SENDERS: usize = 8;
const PATIENCE: Duration = Duration::from_secs(120);

/// The partners' clients.
#[derive(Debug)]
pub(super) struct Crowd {
    partners: Vec<Client>,
}

/// When a transfer's event was committed, as its sender knows it: the answer came right after.
type Committed = HashMap<String, Instant>;

impl Crowd {
    /// Partners with channels, agreements with one receiver, and a house policy that tells each sender what was received.
    pub(super) async fn gather(root: &Path, stage: &Stage, receiver: &Receiver) -> Result<Self> {
        let operator = Operator(stage.client("operator", "")?);
        operator.partner("globex", "Globex Corporation", "NOTE").await?;
        let mut partners = vec![];
        for number in 0..CHANNELS / PER_PARTNER {
            let slug = format!("partner-{number}");
            operator.partner(&slug, &slug, "NOTE").await?;
            operator.agreement(&slug, "globex").await?;
            operator.secret(&slug, "signing", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").await?;
            for place in 0..PER_PARTNER {
                let url = receiver.url(number * PER_PARTNER + place);
                let webhook = json!({ "url": url, "signingSecret": "signing" });
                operator.webhook(&slug, &format!("hook-{place}"), webhook).await?;
            }
            partners.push(stage.client("partner", &slug)?);
        }
        let plugin = operator.plugin(root, "notify-template").await?;
        let places: Vec<_> = (0..PER_PARTNER).collect();
        let bindings: Vec<_> = places.chunks(PER_BINDING).map(|places| binding(&plugin, places)).collect();
        operator.policy("house", "INBOUND", &Value::Array(bindings)).await?;
        Ok(Self { partners })
    }

    /// Sends at a rate, waits for all messages to channels that are never in trouble, and gives their delays.
    pub(super) async fn round(&self, receiver: &Receiver, name: &str, rate: u32, count: u32) -> Result<Vec<Duration>> {
        receiver.take();
        let begun = Instant::now();
        let mut under_way = JoinSet::new();
        for number in 0..count {
            tokio::time::sleep_until((begun + Duration::from_secs(1) * number / rate).into()).await;
            under_way.spawn(send(self.partner(number), format!("{name}-{number}.csv")));
        }
        let committed = ended(under_way).await?;
        let arrived = arrivals(receiver, &committed, |channel| !is_troubled(channel)).await?;
        Ok(arrived
            .iter()
            .filter_map(|it| Some(it.at.saturating_duration_since(*committed.get(&it.transfer)?)))
            .collect())
    }

    /// Sends as fast as some senders can; the messages, and how long it took from the first event to the last arrival.
    pub(super) async fn burst(&self, receiver: &Receiver, name: &str, count: u32) -> Result<(Vec<Message>, Duration)> {
        receiver.take();
        let (mut under_way, mut committed) = (JoinSet::new(), Committed::new());
        for number in 0..count {
            if under_way.len() >= SENDERS
                && let Some(sent) = under_way.join_next().await
            {
                let (id, at) = sent.context("a sender panicked")??;
                committed.insert(id, at);
            }
            under_way.spawn(send(self.partner(number), format!("{name}-{number}.csv")));
        }
        committed.extend(ended(under_way).await?);
        let arrived = arrivals(receiver, &committed, |_| true).await?;
        let first = committed.values().min().context("nothing was sent")?;
        let last = arrived.iter().map(|it| it.at).max().context("nothing arrived")?;
        Ok((arrived, last.saturating_duration_since(*first)))
    }

    fn partner(&self, number: u32) -> Client {
        self.partners[number as usize % self.partners.len()].clone()
    }
}

/// One notify binding that writes to those places of whoever is told.
fn binding(plugin: &str, places: &[usize]) -> Value {
    let messages: Vec<_> = places
        .iter()
        .map(|place| {
            json!({
                "events": ["transfer.received"], "channel": format!("hook-{place}"), "title": "received",
                "media-type": "application/json",
                "text": "{\"transfer\": {{ transfer }}, \"file\": {{ file.name }}, \"sender\": {{ attributes['sender.slug'] }}}",
            })
        })
        .collect();
    json!({
        "name": format!("tell-{}", places[0]), "hook": "NOTIFY", "plugin": plugin, "events": ["TRANSFER_RECEIVED"],
        "settings": { "messages": messages },
    })
}

async fn send(client: Client, name: String) -> Result<(String, Instant)> {
    let path = format!("/transfers?to=globex&filename={name}");
    let headers = [("content-type", "text/csv")];
    let bytes = format!("name,amount\nann,{name}\n").into();
    let (status, answer) = client.send(Method::POST, &path, &headers, bytes).await?;
    let at = Instant::now();
    ensure!(status.is_success(), "POST {path} answered {status}: {}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer).context("the answer is no JSON")?;
    Ok((answer["transfer"].as_str().context("a transfer has an id")?.to_owned(), at))
}

async fn ended(mut under_way: JoinSet<Result<(String, Instant)>>) -> Result<Committed> {
    let mut committed = Committed::new();
    while let Some(sent) = under_way.join_next().await {
        let (id, at) = sent.context("a sender panicked")??;
        committed.insert(id, at);
    }
    Ok(committed)
}

/// Waits until each transfer was told to each channel of its sender that counts.
async fn arrivals(receiver: &Receiver, of: &Committed, counts: fn(usize) -> bool) -> Result<Vec<Message>> {
    let end = Instant::now() + PATIENCE;
    let (mut arrived, mut missing): (Vec<Message>, usize);
    arrived = vec![];
    loop {
        arrived.extend(receiver.take().into_iter().filter(|it| of.contains_key(&it.transfer) && counts(it.channel)));
        let mut seen = HashMap::<&str, (usize, Vec<usize>)>::new();
        for it in &arrived {
            let (partner, channels) = seen.entry(&it.transfer).or_default();
            *partner = it.channel / PER_PARTNER;
            channels.push(it.channel);
        }
        missing = of.len() - seen.len();
        for (partner, channels) in seen.into_values() {
            let wanted = (partner * PER_PARTNER..(partner + 1) * PER_PARTNER).filter(|it| counts(*it));
            missing += usize::from(!wanted.into_iter().all(|it| channels.contains(&it)));
        }
        if missing == 0 {
            return Ok(arrived);
        }
        if Instant::now() > end {
            bail!("{missing} of {} transfers were not told to all channels within {PATIENCE:?}", of.len());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
