//! Uploads: the field's own client sends a large file over a line that breaks, to hosts of which one dies.

mod proxy;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use axum::body::Bytes;
use hyper::{Method, StatusCode};
use lockgate_devservices::Options;
use rand::rngs::StdRng;
use rand::{Rng, RngCore as _, SeedableRng};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::process::Command;

use super::Args;
use super::memory::peak;
use crate::client::Client;
use crate::operator::Operator;
use crate::receiver::Receivers;
use crate::shell::{program, target_dir};
use crate::stage::{Plot, Stage};
use crate::story::Story;
use crate::wait::until_within;
use proxy::Proxy;

const MIB: u64 = 1024 * 1024;
/// What one cut may cost: a part, and the heads of the requests after it.
const PART: u64 = 8 * MIB + 64 * 1024;
/// What a host may need, in MiB.
const BOUND: u64 = 300;
/// How often a host is killed.
const KILLS: u64 = 2;
const SECRET: &str = "whsec_bm90aWZpY2F0aW9uLXNlY3JldC1vZi10aGUtZGVtbw==";

pub(super) async fn prove(root: &Path, args: &Args, story: &mut Story) -> Result<()> {
    let seed = args.seed.unwrap_or_else(|| u64::from(std::process::id()));
    let mut random = StdRng::seed_from_u64(seed);
    let size = args.mib * MIB;
    let tus = client(root)?;
    let dir = std::env::temp_dir().join(format!("lockgate-proof-{}", std::process::id()));
    std::fs::create_dir_all(&dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let (file, digest) = file(&dir, args.mib, &mut random)?;
    let mut plan: Vec<u64> = (0..args.cuts).map(|_| random.random_range(1..size)).collect();
    plan.sort_unstable();
    let proxy = Proxy::start(plan).await?;

    story.say("Starting Kafka, Postgres, S3 and two hosts ...");
    let settings = vec![("LOCKGATE_HTTP__PUBLIC_URL", proxy.url())];
    let plot = Plot { hosts: 2, services: Options::for_tests(), release: !args.unoptimised, settings };
    let mut stage = Stage::set(root, &dir, plot).await?;
    proxy.leads_to(stage.hosts.iter().map(|host| host.base.clone()).collect());
    let receivers = Receivers::start(HashMap::new()).await?;
    set_up(root, &stage, &receivers).await?;
    let acme = stage.client("partner", "acme")?;

    story.say(&format!("Sending {} MiB through {} cuts (seed {seed}) ...", args.mib, args.cuts));
    let sending = Command::new("node")
        .arg("send.mjs")
        .current_dir(&tus)
        .env("ENDPOINT", format!("{}/uploads", proxy.url()))
        .env("TOKEN", acme.token())
        .env("FILE", &file)
        .env("TO", "globex")
        .env("PARALLEL", args.parallel.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("node did not start")?;
    let sending = tokio::spawn(sending.wait_with_output());
    let mut peaks = kill(&mut stage, &proxy, size, story).await?;
    let sent = sending.await?.context("node left no output")?;
    ensure!(sent.status.success(), "the client gave up: {}", sent.status);
    let said: Value = serde_json::from_slice(&sent.stdout).context("the client said something odd")?;
    for host in &stage.hosts {
        peaks.push(peak(host)?);
    }

    let seen = proxy.seen().borrow().clone();
    story.say(&format!("   the client retried after: {}", said["retried"]));
    story.say(&format!("   sent again: {} KiB in all", seen.passed.saturating_sub(size) / 1024));
    // With several connections, an offset says nothing about the others' bytes.
    if args.parallel == 1 {
        let mut lost = seen.lost.clone();
        lost.sort_unstable();
        let [worst, median] = [lost.last(), lost.get(lost.len() / 2)].map(|it| it.unwrap_or(&0) / 1024);
        story.say(&format!("   of {} resumptions the worst cost {worst} KiB, the median {median} KiB", lost.len()));
    }
    story.step("times the line was cut", args.cuts, seen.cuts);
    let disturbed = args.cuts as u64 + KILLS;
    story.step("a cut or a death costs at most one part on average", true, seen.passed <= size + disturbed * PART);
    let url = said["url"].as_str().context("no upload URL")?;
    let transfer = finished(&stage, &acme, url, &digest, story).await?;
    received_once(&receivers, &transfer, story).await?;
    story.say(&format!("   peak resident memory of the hosts, before and after deaths: {peaks:?} MiB"));
    story.step(&format!("each host stays under {BOUND} MiB"), true, peaks.iter().all(|peak| *peak < BOUND));
    stage.strike().await;
    if !story.as_expected() {
        bail!("the hosts' logs are in {}", dir.display());
    }
    std::fs::remove_dir_all(&dir).with_context(|| format!("{} cannot be removed", dir.display()))
}

/// Installs the client as its lockfile says, in the target folder.
fn client(root: &Path) -> Result<PathBuf> {
    let home = target_dir(root).join("tus");
    std::fs::create_dir_all(&home).with_context(|| format!("{} cannot be made", home.display()))?;
    for name in ["package.json", "package-lock.json", "send.mjs"] {
        std::fs::copy(root.join("xtask/tus").join(name), home.join(name)).with_context(|| format!("no {name}"))?;
    }
    let folder = home.display().to_string();
    program(root, "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
        .args(&[folder])
        .run("npm did not install tus-js-client; Node 18 or newer is needed")?;
    Ok(home)
}

/// A file of random bytes, and its digest as the API writes it.
fn file(dir: &Path, mib: u64, random: &mut StdRng) -> Result<(PathBuf, String)> {
    let path = dir.join("large.bin");
    let mut file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    let (mut hash, mut bytes) = (Sha256::new(), vec![0; 1024 * 1024]);
    random.fill_bytes(&mut bytes);
    for number in 0..mib {
        // A mebibyte of its own, so that whatever is out of place is seen.
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        hash.update(&bytes);
        file.write_all(&bytes)?;
    }
    Ok((path, format!("sha256:{}", hex(&hash.finalize()))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Two partners, and a webhook that tells what was received.
async fn set_up(root: &Path, stage: &Stage, receivers: &Receivers) -> Result<()> {
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme", "NOTE").await?;
    operator.partner("globex", "Globex", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    operator.secret("acme", "webhooks", SECRET).await?;
    let webhook = json!({ "url": receivers.url("acme-webhook"), "signingSecret": "webhooks" });
    operator.webhook("acme", "ops", webhook).await?;
    let plugin = operator.plugin(root, "notify-template").await?;
    let tell = json!([{
        "name": "tell", "hook": "NOTIFY", "plugin": plugin,
        "settings": { "messages": [
            { "events": ["transfer.received"], "channel": "ops", "title": "{{ file.name }} was received", "text": "" },
        ] },
    }]);
    operator.policy("acme", "INBOUND", &tell).await.map(drop)
}

/// Kills whichever host serves the client, evenly over the file, and starts it again; gives the memory they had needed.
async fn kill(stage: &mut Stage, proxy: &Proxy, size: u64, story: &Story) -> Result<Vec<u64>> {
    let (mut seen, mut peaks) = (proxy.seen(), vec![]);
    for number in 1..=KILLS {
        let at = size * number / (KILLS + 1);
        let host = seen.wait_for(|seen| seen.passed >= at).await.context("the proxy ended")?.host;
        peaks.push(peak(&stage.hosts[host])?);
        stage.kill_host(host)?;
        story.say(&format!("   host {} was killed after {} MiB", host + 1, at / MIB));
        stage.start_host(host)?;
        stage.ready(host).await?;
    }
    Ok(peaks)
}

/// Waits until the transfer of that upload is released, and compares what the receiver fetches.
async fn finished(stage: &Stage, acme: &Client, url: &str, digest: &str, story: &mut Story) -> Result<String> {
    let query = "{ transfers(first: 2) { nodes { id source { digest size } upload { url complete } } } }";
    let seen = acme.graphql(query, json!({})).await?;
    let nodes = seen["transfers"]["nodes"].as_array().context("no transfers")?;
    story.step("transfers that came of it", 1, nodes.len());
    story.step("the upload is the client's, and complete", url, nodes[0]["upload"]["url"].as_str().unwrap_or_default());
    story.step(
        "digest that was computed on the way in",
        digest,
        nodes[0]["source"]["digest"].as_str().unwrap_or("none"),
    );
    let transfer = nodes[0]["id"].as_str().context("a transfer has an id")?.to_owned();
    let size = nodes[0]["source"]["size"].as_u64().context("a payload has a size")?;
    let globex = stage.client("partner", "globex")?;
    let fetched = fetch(&globex, &format!("/transfers/{transfer}/payload"), size).await?;
    story.step("digest of what the receiver fetches", digest, fetched);
    Ok(transfer)
}

/// Fetches the payload in pieces, as soon as it is released.
async fn fetch(client: &Client, path: &str, size: u64) -> Result<String> {
    let (mut hash, mut at) = (Sha256::new(), 0);
    while at < size {
        let range = format!("bytes={at}-{}", (at + 32 * MIB).min(size) - 1);
        let bytes = until_within(120, "a released payload", async || {
            let (status, bytes) = client.send(Method::GET, path, &[("range", &range)], Bytes::new()).await?;
            match status {
                StatusCode::PARTIAL_CONTENT => Ok(Some(bytes)),
                StatusCode::NOT_FOUND => Ok(None),
                _ => bail!("GET {path} answered {status}: {}", String::from_utf8_lossy(&bytes)),
            }
        })
        .await?;
        hash.update(&bytes);
        at += bytes.len() as u64;
    }
    Ok(format!("sha256:{}", hex(&hash.finalize())))
}

/// Waits for the event; the gate sends each under a key of its own, so repeats of one can be told from two.
async fn received_once(receivers: &Receivers, transfer: &str, story: &mut Story) -> Result<()> {
    let keys = until_within(60, "the notification", async || {
        let told = receivers.received("acme-webhook");
        let keys: HashSet<_> = told.iter().map(|it| it.key.clone()).collect();
        Ok((!keys.is_empty()).then_some(keys))
    })
    .await?;
    story.step(&format!("`transfer.received` events of {transfer}"), 1, keys.len());
    Ok(())
}
