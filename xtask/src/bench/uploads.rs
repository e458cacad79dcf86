//! Large uploads into a real host, against what they are made of: a loopback connection, SHA-256 and the S3 server, each
//! alone.
//!
//! A gate that did one thing after the other, at no cost of its own, would take the sum of the three; that sum over the
//! upload's own time is the ratio. A gate that does them at the same time may beat it, where there are cores to do so: here
//! the client, the host and the S3 server share them.

mod alone;
mod content;
mod s3;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Bytes;
use http_body_util::BodyExt;
use hyper::{Method, Request};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lockgate_devservices::{Options, Progress};
use serde_json::{Value, json};

use super::ratio::median;
use crate::client::Client;
use crate::operator::Operator;
use crate::stage::{Plot, Stage};
use crate::wait::until_within;
use content::{Content, Repeated};
use s3::S3;

/// The least that the sum of the parts must be of an upload's time.
const AIM: f64 = 0.5;
/// Where the S3 server alone is measured.
const BUCKET: &str = "alone";

/// What one round took.
#[derive(Debug)]
struct Round {
    tcp: Duration,
    sha: Duration,
    s3: Duration,
    patch: Duration,
    post: Duration,
    /// What the host computed for the `PATCH`.
    busy: Duration,
}

impl Round {
    fn sum(&self) -> Duration {
        self.tcp + self.sha + self.s3
    }
}

pub(super) fn run(root: &Path, args: &super::Args) -> Result<()> {
    let met = tokio::runtime::Runtime::new()?.block_on(play(root, args))?;
    ensure!(met || !args.strict, "the aim was missed");
    Ok(())
}

async fn play(root: &Path, args: &super::Args) -> Result<bool> {
    let dir = std::env::temp_dir().join(format!("lockgate-bench-{}", std::process::id()));
    let services = Options { progress: Progress::terminal(), ..Options::for_tests() };
    let settings = vec![("LOCKGATE_TELEMETRY__LOG", "warn".to_owned())];
    let stage = Stage::set(root, &dir, Plot { hosts: 1, services, release: true, settings }).await?;
    let measured = measure(&stage, args).await;
    stage.strike().await;
    if measured.is_ok() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("{} cannot be removed", dir.display()))?;
    }
    measured.with_context(|| format!("the hosts' logs are in {}", dir.display()))
}

async fn measure(stage: &Stage, args: &super::Args) -> Result<bool> {
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme Industries", "NOTE").await?;
    operator.partner("globex", "Globex Corporation", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    stage.services.make_bucket(BUCKET)?;
    let s3 = S3::of(stage.services.endpoints().s3.clone().context("no S3 was started")?);
    let sender = stage.client("partner", "acme")?;
    let mut met = true;
    for mib in &args.mib {
        let content = Content::of(*mib)?;
        println!("\nUploading {mib} MiB, {} rounds, the parts alone in between ...", args.rounds);
        // The first of all pays for connections and pages of memory.
        let _warm = round(stage, &s3, &sender, &content).await?;
        let mut rounds = vec![];
        for _ in 0..args.rounds {
            rounds.push(round(stage, &s3, &sender, &content).await?);
        }
        met &= report(*mib, &rounds);
    }
    Ok(met)
}

async fn round(stage: &Stage, s3: &S3, sender: &Client, content: &Content) -> Result<Round> {
    let tcp = alone::tcp(content).await?;
    let sha = alone::sha(content).await?;
    let s3_alone = s3.put(BUCKET, "object", content).await?;
    s3.clear(BUCKET, "").await?;
    let (url, transfer) = announce(sender, content.size()).await?;
    let before = cpu(stage)?;
    let patch = send(sender, Method::PATCH, &url, content).await?;
    let busy = cpu(stage)?.saturating_sub(before);
    settled(sender, &transfer).await?;
    s3.clear("lockgate", "payloads/").await?;
    let post = send(sender, Method::POST, "/transfers?to=globex&filename=large.bin", content).await?;
    settled(sender, &newest(sender).await?).await?;
    s3.clear("lockgate", "payloads/").await?;
    Ok(Round { tcp, sha, s3: s3_alone, patch, post, busy })
}

fn report(mib: u64, rounds: &[Round]) -> bool {
    let seconds = |of: fn(&Round) -> Duration| median(rounds.iter().map(|it| of(it).as_secs_f64()).collect());
    let line = |name: &str, of: fn(&Round) -> Duration| {
        let seconds = seconds(of);
        println!("{name:<44} {seconds:>7.3} s {:>8.0} MiB/s", mib as f64 / seconds);
    };
    line("loopback TCP alone, read and discarded", |it| it.tcp);
    line("SHA-256 alone", |it| it.sha);
    line("S3 alone, parts of 8 MiB, three at once", |it| it.s3);
    line("the three, one after the other", Round::sum);
    line("PATCH into a host", |it| it.patch);
    line("POST /transfers into a host", |it| it.post);
    println!("{:<44} {:>7.3} s", "the host's own computing time for the PATCH", seconds(|it| it.busy));
    let mut all_met = true;
    for (name, of) in [("PATCH", (|it| it.patch) as fn(&Round) -> Duration), ("POST /transfers", |it| it.post)] {
        let ratios: Vec<f64> = rounds.iter().map(|it| it.sum().as_secs_f64() / of(it).as_secs_f64()).collect();
        let ratio = median(ratios.clone());
        let met = ratio >= AIM;
        all_met &= met;
        let each: Vec<_> = ratios.iter().map(|it| (it * 100.0).round() / 100.0).collect();
        let line = json!({
            "name": format!("upload by {name} against the sum of its parts"), "mib": mib,
            "ratio": (ratio * 1000.0).round() / 1000.0, "rounds": each, "aim": "at least 0.5", "met": met,
        });
        println!(
            "{line}\n{name} of {mib} MiB at least {AIM:.2}x: {} ({ratio:.2}x)",
            if met { "met" } else { "MISSED" }
        );
    }
    all_met
}

/// The path of an upload that was announced, and its transfer.
async fn announce(sender: &Client, size: u64) -> Result<(String, String)> {
    let input = json!({ "to": ["globex"], "fileName": "large.bin", "size": size });
    let mutation =
        "mutation($input: CreateTransferInput!) { createTransfer(input: $input) { transfer { id } uploadUrl } }";
    let created = sender.graphql(mutation, json!({ "input": input })).await?;
    let created = &created["createTransfer"];
    let url = created["uploadUrl"].as_str().context("no upload URL")?;
    let path = url.find("/uploads/").map(|at| url[at..].to_owned()).context("an odd upload URL")?;
    Ok((path, text(&created["transfer"]["id"])?))
}

async fn newest(sender: &Client) -> Result<String> {
    let seen = sender.graphql("{ transfers(first: 1) { nodes { id } } }", json!({})).await?;
    text(&seen["transfers"]["nodes"][0]["id"])
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a transfer has an id")
}

/// Sends all of the content in one request; gives the time until the answer.
async fn send(sender: &Client, method: Method, path: &str, content: &Content) -> Result<Duration> {
    let http: HyperClient<HttpConnector, Repeated> = HyperClient::builder(TokioExecutor::new()).build_http();
    let request = Request::builder()
        .method(method)
        .uri(sender.url(path))
        .header("authorization", format!("Bearer {}", sender.token()))
        .header("tus-resumable", "1.0.0")
        .header("upload-offset", "0")
        .header("content-type", "application/offset+octet-stream")
        .body(content.body())?;
    let began = Instant::now();
    let answer = http.request(request).await?;
    let status = answer.status();
    let said: Bytes = answer.collect().await?.to_bytes();
    let took = began.elapsed();
    ensure!(status.is_success(), "{path} answered {status}: {}", String::from_utf8_lossy(&said));
    Ok(took)
}

/// Waits until the gate is through with it, so that its work does not fall into the next measurement.
async fn settled(sender: &Client, transfer: &str) -> Result<()> {
    let state = until_within(300, "a large transfer", async || {
        let seen = sender.graphql("query($id: ID!) { transfer(id: $id) { state } }", json!({ "id": transfer })).await?;
        let state = seen["transfer"]["state"].as_str().unwrap_or_default().to_owned();
        Ok((!["ANNOUNCED", "RECEIVED", "ACCEPTED"].contains(&state.as_str())).then_some(state))
    })
    .await?;
    if state != "FINISHED" {
        bail!("a transfer ended as {state}");
    }
    Ok(())
}

/// What the host computed so far.
fn cpu(stage: &Stage) -> Result<Duration> {
    let pid = stage.hosts[0].pid().context("the host does not run")?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("this measurement needs Linux")?;
    // The name before may hold blanks; user and system time are the 14th and 15th field, in hundredths of a second.
    let (_, rest) = stat.rsplit_once(')').context("an odd /proc/pid/stat")?;
    let ticks: u64 = rest.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}
