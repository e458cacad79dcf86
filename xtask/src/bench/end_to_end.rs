//! Small transfers from end to end: real Kafka, Postgres and S3, a masker on the way, one receiver over HTTP.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Bytes;
use lockgate_devservices::{Options, Progress};
use serde_json::json;

use super::load::{self, Sent};
use super::percentiles::Percentiles;
use crate::client::Client;
use crate::guests;
use crate::operator::Operator;
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
    let met = whole.at(99) < AIM;
    let line = json!({
        "name": "end to end of small transfers", "rate": args.rate, "transfers": sent.len(),
        "p50_ms": ms(&whole, 50), "p99_ms": ms(&whole, 99), "aim": "p99 < 500 ms", "met": met,
    });
    println!("{line}\nend to end p99 < 500 ms: {}", if met { "met" } else { "MISSED" });
    Ok(met)
}

fn ms(times: &Percentiles, percent: usize) -> f64 {
    (times.at(percent).as_secs_f64() * 10_000.0).round() / 10.0
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
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme Industries", "NOTE").await?;
    operator.partner("globex", "Globex Corporation", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    operator.destination("globex", "inbox", json!({ "http": { "url": receivers.url("globex") } })).await?;
    let masker = json!({
        "name": "personal-data", "hook": "MASK", "plugin": operator.plugin(root, "mask-pii").await?,
        "framing": { "kind": "CSV" }, "grants": [{ "capability": "DETECT" }, { "capability": "TOKENIZE" }],
        "settings": { "kinds": {
            "card": { "action": "keep-last", "count": 4 }, "email": { "action": "replace", "with": "(e-mail)" },
        } },
    });
    operator.policy("acme", "INBOUND", &json!([masker])).await?;
    stage.client("partner", "acme")
}
