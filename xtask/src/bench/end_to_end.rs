//! Small transfers from end to end: real Kafka, Postgres and S3, a masker on the way, one receiver over HTTP.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Bytes;
use hyper::Method;
use lockgate_devservices::{Options, Progress};
use serde_json::{Value, json};

use super::load::{self, Sent};
use super::percentiles::Percentiles;
use crate::client::Client;
use crate::guests;
use crate::receiver::Receivers;
use crate::stage::{Plot, Stage};

/// Until here a delivery may take at p99.
const AIM: Duration = Duration::from_millis(500);

/// Before the measured load, so that connections and instances are there.
const WARM_UP_SECONDS: u32 = 5;

pub(super) fn run(root: &Path, args: &super::Args) -> Result<()> {
    guests::build(root, &["mask-pii".to_owned()])?;
    let met = tokio::runtime::Runtime::new()?.block_on(play(root, args))?;
    ensure!(met || !args.strict, "the aim was missed");
    Ok(())
}

async fn play(root: &Path, args: &super::Args) -> Result<bool> {
    let dir = std::env::temp_dir().join(format!("lockgate-bench-{}", std::process::id()));
    let services = Options { progress: Progress::terminal(), ..Options::for_tests() };
    let settings = vec![("LOCKGATE_TELEMETRY__LOG", "warn".to_owned())];
    let stage = Stage::set(root, &dir, Plot { hosts: args.hosts, services, release: true, settings }).await?;
    let measured = measure(root, &stage, args).await;
    stage.strike().await;
    if measured.is_ok() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("{} cannot be removed", dir.display()))?;
    }
    measured.with_context(|| format!("the hosts' logs are in {}", dir.display()))
}

async fn measure(root: &Path, stage: &Stage, args: &super::Args) -> Result<bool> {
    let receivers = Receivers::start(HashMap::new()).await?;
    let sender = set_up(root, stage, &receivers).await?;
    println!("Sending {} transfers a second for {} seconds ...", args.rate, args.seconds);
    load::send(&sender, args.rate, args.rate * WARM_UP_SECONDS, |mark| file("warm-up", mark)).await?;
    let sent = load::send(&sender, args.rate, args.rate * args.seconds, |mark| file("measured", mark)).await?;
    let arrived = arrivals(&receivers, sent.len()).await?;
    let times = |of: fn(&Sent, Instant) -> Duration| {
        Percentiles::of(sent.iter().filter_map(|(mark, sent)| Some(of(sent, *arrived.get(mark)?))).collect())
    };
    let whole = times(|sent, arrived| arrived - sent.announced);
    println!("\n{} transfers of {} bytes, {} host(s)", sent.len(), file("measured", "mark-000000").len(), args.hosts);
    println!("{}", times(|sent, _| sent.announced - sent.due).line("announced by createTransfer"));
    println!("{}", times(|sent, _| sent.acknowledged - sent.announced).line("uploaded, until acknowledged"));
    println!(
        "{}",
        times(|sent, arrived| arrived.saturating_duration_since(sent.acknowledged))
            .line("acknowledged, until at the receiver")
    );
    println!("{}", whole.line("end to end: upload begins, at the receiver"));
    let met = whole.at(0.99) < AIM;
    let line = json!({
        "name": "end to end of small transfers", "rate": args.rate, "transfers": sent.len(),
        "p50_ms": ms(&whole, 0.50), "p99_ms": ms(&whole, 0.99), "aim": "p99 < 500 ms", "met": met,
    });
    println!("{line}\nend to end p99 < 500 ms: {}", if met { "met" } else { "MISSED" });
    Ok(met)
}

fn ms(times: &Percentiles, share: f64) -> f64 {
    (times.at(share).as_secs_f64() * 10_000.0).round() / 10.0
}

/// A small file of real-looking records; what it is marked with makes it its own.
fn file(run: &str, mark: &str) -> Bytes {
    let mut text = String::from("request,run,text\n");
    for _ in 0..8 {
        text += &format!("{mark},{run},What is the limit for card 4007 0707 5369 0781? Write to jo.doe@example.com.\n");
    }
    text.into()
}

/// When each marked file of the measured load arrived first; waits until all have.
async fn arrivals(receivers: &Receivers, count: usize) -> Result<HashMap<String, Instant>> {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        let mut arrived = HashMap::new();
        for received in receivers.received("globex") {
            let text = String::from_utf8_lossy(&received.bytes);
            let record = text.lines().nth(1).unwrap_or_default();
            ensure!(!text.contains("jo.doe@example.com") && text.contains("0781"), "a file was not masked: {record}");
            if let Some(mark) = record.split_once(",measured,").map(|(mark, _)| mark.to_owned()) {
                arrived.entry(mark).or_insert(received.at);
            }
        }
        if arrived.len() >= count {
            return Ok(arrived);
        }
        if Instant::now() > end {
            bail!("{} of {count} transfers did not arrive within two minutes", count - arrived.len());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Two partners, an agreement, a destination and a masker on the sender's side; gives the sender.
async fn set_up(root: &Path, stage: &Stage, receivers: &Receivers) -> Result<Client> {
    let operator = stage.client("operator", "")?;
    for (slug, name) in [("acme", "Acme Industries"), ("globex", "Globex Corporation")] {
        let input = json!({ "slug": slug, "name": name });
        let create = "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { partner { id } } }";
        operator.graphql(create, json!({ "input": input })).await?;
    }
    let agree = "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { agreement { id } } }";
    operator.graphql(agree, json!({ "input": { "sender": "acme", "receiver": "globex" } })).await?;
    let inbox =
        json!({ "partner": "globex", "name": "inbox", "endpoint": { "http": { "url": receivers.url("globex") } } });
    let create =
        "mutation($input: CreateDestinationInput!) { createDestination(input: $input) { destination { id } } }";
    operator.graphql(create, json!({ "input": inbox })).await?;
    let component = std::fs::read(root.join("target/guests/mask-pii.wasm")).context("mask-pii was not built")?;
    let wasm = [("content-type", "application/wasm")];
    let (status, answer) = operator.send(Method::POST, "/plugins?owner=house", &wasm, component.into()).await?;
    let answer: Value = serde_json::from_slice(&answer).with_context(|| format!("/plugins answered {status}"))?;
    let bindings = json!([{
        "name": "personal-data", "hook": "MASK", "plugin": answer["digest"], "framing": { "kind": "CSV" },
        "grants": [{ "capability": "DETECT" }],
        "settings": { "kinds": {
            "card": { "action": "keep-last", "count": 4 }, "email": { "action": "replace", "with": "(e-mail)" },
        } },
    }]);
    let revision = json!({ "owner": "acme", "side": "INBOUND", "bindings": bindings, "note": "measured" });
    let publish = "mutation($input: PublishRevisionInput!) { publishRevision(input: $input) { revision { id } } }";
    let published = operator.graphql(publish, json!({ "input": revision })).await.context("the policy was refused")?;
    let activate =
        "mutation($input: ActivateRevisionInput!) { activateRevision(input: $input) { revision { number } } }";
    let revision = &published["publishRevision"]["revision"]["id"];
    operator.graphql(activate, json!({ "input": { "revision": revision } })).await?;
    stage.client("partner", "acme")
}
