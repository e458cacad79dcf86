//! The API of a real host: lists against the same statements in a plain handler, announcements against single inserts, and
//! how long requests take under a steady load.
//!
//! The Postgres of this measurement is durable: each commit waits for the disk. One viewer stands for all, so the hosts'
//! limit of requests a minute is set out of reach.

mod closed;
mod lists;
mod open;
mod wire;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hyper::Method;
use lockgate_devservices::{Options, Progress};
use serde_json::json;

use super::percentiles::Percentiles;
use super::plain::Plain;
use super::ratio::median;
use crate::client::Client;
use crate::guests;
use crate::operator::Operator;
use crate::receiver::Receivers;
use crate::stage::{Plot, Stage};
use crate::wait::until_within;

/// The least share of the single inserts' commits a second that announcements must come to.
const ANNOUNCING_AIM: f64 = 0.8;
/// Transfers that there are to list.
const SEEDS: usize = 120;
/// How long each measurement of a round lasts.
const TURN: Duration = Duration::from_secs(4);
/// Requests a second of the steady loads, and for how many seconds each. The highest may be more than a machine can do; the
/// lower ones show what it can.
const RATES: [u32; 3] = [125, 250, 500];
const STEADY_SECONDS: u32 = 20;

pub(super) fn run(root: &Path, args: &super::Args) -> Result<()> {
    guests::build(root, &["mask-pii".to_owned()])?;
    let plain = Plain::build(root)?;
    let met = tokio::runtime::Runtime::new()?.block_on(play(root, &plain, args))?;
    ensure!(met || !args.strict, "an aim was missed");
    Ok(())
}

async fn play(root: &Path, plain: &Plain, args: &super::Args) -> Result<bool> {
    let dir = std::env::temp_dir().join(format!("lockgate-bench-{}", std::process::id()));
    let services = Options { progress: Progress::terminal(), ..Options::new(dir.join("services")) };
    let settings = vec![
        ("LOCKGATE_TELEMETRY__LOG", "warn".to_owned()),
        // All clients of this measurement are one address.
        ("LOCKGATE_HTTP__MAX_CONNECTIONS_PER_ADDRESS", "4096".to_owned()),
    ];
    let mut stage = Stage::set(root, &dir, Plot { hosts: 1, services, release: true, settings }).await?;
    let measured = measure(root, &mut stage, plain, args).await;
    stage.strike().await;
    if measured.is_ok() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("{} cannot be removed", dir.display()))?;
    }
    measured.with_context(|| format!("the hosts' logs are in {}", dir.display()))
}

async fn measure(root: &Path, stage: &mut Stage, plain: &Plain, args: &super::Args) -> Result<bool> {
    let receivers = Receivers::start(HashMap::new()).await?;
    let operator = stage.client("operator", "")?;
    set_up(root, &operator, &receivers).await?;
    let sender = stage.client("partner", "acme")?;
    println!("Sending {SEEDS} transfers to list ...");
    seed(&operator, &sender).await?;
    let mut met = lists::measure(stage, &operator, plain, args.rounds).await?;
    wire::report(stage, &operator, &sender).await?;
    for clients in &args.clients {
        met &= announcing(stage, &sender, plain, *clients, args.rounds).await?;
    }
    steady(&operator, &sender).await?;
    Ok(met)
}

async fn set_up(root: &Path, operator: &Client, receivers: &Receivers) -> Result<()> {
    let operator = Operator(operator.clone());
    operator.partner("acme", "Acme Industries", "NOTE").await?;
    operator.partner("globex", "Globex Corporation", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    operator.destination("globex", "inbox", json!({ "http": { "url": receivers.url("globex") } })).await?;
    let masker = json!({
        "name": "personal-data", "hook": "MASK", "plugin": operator.plugin(root, "mask-pii").await?,
        "framing": { "kind": "CSV" }, "grants": [{ "capability": "DETECT" }, { "capability": "TOKENIZE" }],
        "settings": { "kinds": { "card": { "action": "keep-last", "count": 4 } } },
    });
    operator.policy("acme", "INBOUND", &json!([masker])).await.map(drop)
}

/// Small files that were judged and delivered.
async fn seed(operator: &Client, sender: &Client) -> Result<()> {
    for number in 0..SEEDS {
        let file = format!("request,text\n{number},card 4007 0707 5369 0781\n").repeat(8);
        let created = sender.graphql(ANNOUNCE, announcement(Some(file.len()))).await?;
        let url = created["createTransfer"]["uploadUrl"].as_str().context("no upload URL")?;
        sender.upload(url, file.into()).await?;
    }
    until_within(120, "all transfers to be delivered", async || {
        let query = "{ transfers(first: 100, filter: { states: [RECEIVED, ACCEPTED] }) { nodes { id } } }";
        let left = operator.graphql(query, json!({})).await?;
        Ok(left["transfers"]["nodes"].as_array().is_some_and(Vec::is_empty).then_some(()))
    })
    .await
}

const ANNOUNCE: &str = "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { uploadUrl } }";

fn announcement(size: Option<usize>) -> serde_json::Value {
    json!({ "input": { "to": ["globex"], "fileName": "requests.csv", "mediaType": "text/csv", "size": size } })
}

/// `createTransfer` and single inserts in turns, from as many clients; and the same inserts behind a plain handler, to tell
/// what HTTP alone leaves of them.
async fn announcing(stage: &Stage, sender: &Client, plain: &Plain, clients: usize, rounds: usize) -> Result<bool> {
    println!("\nAnnouncing from {clients} clients, {rounds} rounds, single inserts in between ...");
    let ask = || sender.graphql(ANNOUNCE, announcement(Some(1_000)));
    closed::rate(clients, Duration::from_secs(1), ask).await?;
    let handler = plain.inserts(stage, clients)?;
    let (mut ours, mut theirs, mut by_http) = (vec![], vec![], vec![]);
    for _ in 0..rounds {
        theirs.push(plain.commits(stage, clients, TURN)?);
        by_http.push(closed::rate(clients, TURN, || insert(&handler.client)).await?);
        ours.push(closed::rate(clients, TURN, ask).await?);
    }
    let what = format!("createTransfer by {clients} clients against single inserts that commit");
    let met = verdict(&what, "a second", &ours, &theirs, ANNOUNCING_AIM);
    let limit = median(by_http.iter().zip(&theirs).map(|(http, alone)| http / alone).collect());
    let part = median(ours.iter().zip(&by_http).map(|(ours, http)| ours / http).collect());
    println!(
        "of which a plain handler with one such insert comes to {limit:.2}x; createTransfer to {part:.2}x of that handler"
    );
    Ok(met)
}

async fn insert(peer: &Client) -> Result<()> {
    let (status, answer) = peer.send(Method::POST, "/insert", &[], vec![b'x'; 400].into()).await?;
    ensure!(status.is_success(), "the plain handler answered {status}: {}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// Says what came of a comparison in turns, and whether the aim was met.
fn verdict(what: &str, unit: &str, ours: &[f64], theirs: &[f64], aim: f64) -> bool {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    let ratio = median(ratios.clone());
    let met = ratio >= aim;
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    let line = json!({
        "name": what, "ours": rounded(median(ours.to_vec())), "theirs": rounded(median(theirs.to_vec())), "unit": unit,
        "ratio": rounded(ratio), "rounds": ratios.into_iter().map(rounded).collect::<Vec<_>>(),
        "aim": format!("at least {aim}"), "met": met,
    });
    println!("{line}\n{what}, at least {aim:.2}x: {} ({ratio:.2}x)", if met { "met" } else { "MISSED" });
    met
}

/// Queries of several kinds and announcements at fixed moments, at one rate after the other.
async fn steady(operator: &Client, sender: &Client) -> Result<()> {
    let newest = operator.graphql("{ transfers(first: 1) { nodes { id } } }", json!({})).await?;
    let id = newest["transfers"]["nodes"][0]["id"].clone();
    for rate in RATES {
        println!("\nAsking {rate} times a second for {STEADY_SECONDS} seconds ...");
        open::load(operator, sender, &id, rate, rate * 3).await?;
        let open::Answers { times, refused, because } =
            open::load(operator, sender, &id, rate, rate * STEADY_SECONDS).await?;
        let mut all = vec![];
        for (kind, took) in times {
            all.extend(took.iter().copied());
            println!("{}", Percentiles::of(took).line(kind));
        }
        let asked = rate * STEADY_SECONDS;
        if let Some(because) = because {
            println!("{} of {asked} were refused, the first because: {because}", refused.len());
        }
        // Whoever is refused has waited as well.
        all.extend(refused.iter().copied());
        let all = Percentiles::of(all);
        let ms = |percent| (all.at(percent).as_secs_f64() * 10_000.0).round() / 10.0;
        println!("{}", all.line("all, from when they were due"));
        let line = json!({
            "name": "API under a steady load", "rate": rate, "p95_ms": ms(95), "p99_ms": ms(99),
            "refused": refused.len(), "asked": asked,
        });
        println!("{line}");
    }
    Ok(())
}
