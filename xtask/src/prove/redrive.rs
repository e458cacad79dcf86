//! Redrive: everything dies at a destination that is down; when it is back all of it is sent again, cancelled half-way,
//! started once more, and a host is killed: each arrives once, in the order of its line.

mod accounts;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::Args;
use crate::client::Client;
use crate::operator::Operator;
use crate::receiver::{Behaviour, Receivers};
use crate::stage::{Plot, Stage};
use crate::story::Story;
use accounts::Accounts;
use lockgate_devservices::Options;

/// Destinations of the one receiver: each transfer makes a delivery to each of them.
const DESTINATIONS: usize = 10;
/// Of these so many keep order.
const ORDERED: usize = 5;
/// Senders at work at once.
const SENDERS: usize = 8;
/// How long the slowest step may take.
const PATIENCE: Duration = Duration::from_secs(900);
/// How many a second the redrives send to each destination.
const PACE: u32 = 40;

pub(super) async fn prove(root: &Path, args: &Args, story: &mut Story) -> Result<()> {
    let transfers = args.deliveries.div_ceil(DESTINATIONS).max(1);
    let deliveries = transfers * DESTINATIONS;
    let mut stage = set(root, story).await?;
    let names: Vec<_> = (0..DESTINATIONS).map(|number| format!("inbox-{number}")).collect();
    let down = Behaviour { down: true, ..Behaviour::default() };
    let receivers = Receivers::start(names.iter().map(|name| (name.clone(), down.clone())).collect()).await?;
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme", "NOTE").await?;
    operator.partner("globex", "Globex", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    for (number, name) in names.iter().enumerate() {
        destination(&operator, name, &receivers.url(name), number < ORDERED).await?;
    }

    story.say(&format!("{SENDERS} senders send {transfers} transfers to {DESTINATIONS} destinations, all down ..."));
    let begun = Instant::now();
    send(&stage, transfers).await?;
    let client = &operator.0;
    until("every delivery is a dead letter", || async { Ok(dead(client).await? == deliveries) }).await?;
    let groups = client.graphql(GROUPS, json!({})).await?;
    story.say(&format!(
        "   {:.0} s; groups by destination and cause: {}",
        begun.elapsed().as_secs_f64(),
        list(&groups["deadLetterGroups"]).len()
    ));
    story.step("deliveries that are dead letters", deliveries, dead(client).await?);
    let silent = names.iter().map(|name| receivers.received(name).iter().filter(|it| it.status == 200).count());
    story.step("deliveries that the receiver has taken", 0, silent.sum::<usize>());

    receivers.revive();
    let first = start(client).await?;
    story.say(&format!("The destinations are back; {first} sends everything again, at {PACE} a second each ..."));
    until("half is sent", || async { Ok(moved(client, &first).await? >= deliveries / 2) }).await?;
    let cancel = "mutation($id: ID!) { cancelRedrive(input: { redrive: $id }) { redrive { state moved } } }";
    let cancelled = client.graphql(cancel, json!({ "id": first })).await?;
    let sent = number(&cancelled["cancelRedrive"]["redrive"]["moved"]);
    story.say(&format!("   cancelled when {sent} were sent"));
    // A tick of every host passes, and nothing more is sent.
    until("both hosts looked for work again", || quiet(client)).await?;
    story.step("deliveries sent after cancelling answered", 0, moved(client, &first).await? - sent);
    story.step("dead letters that are left", deliveries - sent, dead(client).await?);

    let second = start(client).await?;
    story.say(&format!("{second} begins with the same filter; a host is killed in the middle of it ..."));
    until("a quarter of the rest is sent", || async { Ok(moved(client, &second).await? >= (deliveries - sent) / 4) })
        .await?;
    stage.kill_host(1)?;
    story.say("   host-2 was killed");
    until("the redrive is finished", || async { Ok(state(client, &second).await? == "FINISHED") }).await?;
    until("nothing is under way", || quiet(client)).await?;

    let accounts = Accounts::close(client, &receivers, &names).await?;
    story.step("dead letters that are left", 0, dead(client).await?);
    story.step("deliveries sent by both redrives together", deliveries, sent + moved(client, &second).await?);
    story.step("idempotency keys that the receiver counts", deliveries, accounts.keys());
    story.step("deliveries that it took under more than one key", 0, accounts.rekeyed());
    story.step("deliveries lost", 0, accounts.lost());
    story.step("deliveries out of the order of their line", 0, accounts.disordered(ORDERED));
    story.say(&format!("   repeats under the same key, which the receiver can tell: {}", accounts.repeats()));
    stage.strike().await;
    Ok(())
}

const GROUPS: &str = "query { deadLetterGroups { count cause destination { name } } }";

async fn set(root: &Path, story: &Story) -> Result<Stage> {
    let dir = std::env::temp_dir().join(format!("lockgate-proof-{}", std::process::id()));
    story.say("Starting Kafka, Postgres, S3 and two hosts ...");
    let settings =
        vec![("LOCKGATE_WORKERS__ALIVE_MS", "4000".to_owned()), ("LOCKGATE_WORKERS__OVERDUE_MS", "4000".to_owned())];
    Stage::set(root, &dir, Plot { hosts: 2, services: Options::for_tests(), release: false, settings }).await
}

/// A short schedule of its own and no breaker: everything shall die quickly.
async fn destination(operator: &Operator, name: &str, url: &str, ordered: bool) -> Result<()> {
    let mutation =
        "mutation($input: CreateDestinationInput!) { createDestination(input: $input) { destination { id } } }";
    let input = json!({
        "partner": "globex", "name": name, "endpoint": { "http": { "url": url } }, "ordered": ordered,
        "settings": { "retriesSeconds": [], "breakerFailures": 0 },
    });
    operator.0.graphql(mutation, json!({ "input": input })).await.map(drop)
}

async fn send(stage: &Stage, transfers: usize) -> Result<()> {
    let acme = stage.client("partner", "acme")?;
    let hosts: Vec<_> = stage.hosts.iter().map(|host| acme.at(&host.base)).collect();
    let mut senders = vec![];
    for first in 0..SENDERS {
        let hosts = hosts.clone();
        senders.push(tokio::spawn(async move {
            for number in (first..transfers).step_by(SENDERS) {
                let path = format!("/transfers?to=globex&filename=order-{number}.csv");
                let body = Bytes::from(format!("name,amount\nann,{number}\n"));
                let headers = [("content-type", "text/csv")];
                let (status, answer) = hosts[number % hosts.len()].send(Method::POST, &path, &headers, body).await?;
                if !status.is_success() {
                    bail!("{path} answered {status}: {}", String::from_utf8_lossy(&answer));
                }
            }
            Ok(())
        }));
    }
    for sender in senders {
        sender.await??;
    }
    Ok(())
}

async fn start(client: &Client) -> Result<String> {
    let mutation = "mutation($input: StartRedriveInput!) { startRedrive(input: $input) { redrive { id } } }";
    let input = json!({ "reason": "the destinations are back", "perSecond": PACE, "filter": { "receiver": "globex" } });
    let started = client.graphql(mutation, json!({ "input": input })).await?;
    started["startRedrive"]["redrive"]["id"].as_str().map(str::to_owned).context("a redrive has an id")
}

async fn redrive(client: &Client, id: &str) -> Result<Value> {
    let query = "query($id: ID!) { redrive(id: $id) { state moved } }";
    Ok(client.graphql(query, json!({ "id": id })).await?["redrive"].take())
}

async fn moved(client: &Client, id: &str) -> Result<usize> {
    Ok(number(&redrive(client, id).await?["moved"]))
}

async fn state(client: &Client, id: &str) -> Result<String> {
    Ok(redrive(client, id).await?["state"].as_str().unwrap_or_default().to_owned())
}

async fn dead(client: &Client) -> Result<usize> {
    let groups = client.graphql(GROUPS, json!({})).await?;
    Ok(list(&groups["deadLetterGroups"]).iter().map(|it| number(&it["count"])).sum())
}

/// Whether no delivery is under way.
async fn quiet(client: &Client) -> Result<bool> {
    let query = "query { deliveries(state: SCHEDULED, first: 1) { nodes { id } } }";
    Ok(list(&client.graphql(query, json!({})).await?["deliveries"]["nodes"]).is_empty())
}

async fn until<F: Future<Output = Result<bool>>>(what: &str, ask: impl Fn() -> F) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !ask().await? {
        if Instant::now() > end {
            bail!("waited {} seconds until {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

fn number(value: &Value) -> usize {
    value.as_u64().and_then(|it| usize::try_from(it).ok()).unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
