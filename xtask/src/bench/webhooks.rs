//! A thousand webhooks: what some that fail, and one that hangs, do to the others; and how many messages a second leave,
//! against clients that post the same to the same receiver: bare ones, and one that keeps each message as simply as one can.

mod bare;
mod crowd;
mod receiver;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lockgate_devservices::{Options, Progress};
use serde_json::json;

use super::percentiles::Percentiles;
use super::plain::Plain;
use super::ratio::median;
use crate::guests;
use crate::stage::{Plot, Stage};

use crowd::{CHANNELS, Crowd, PER_PARTNER};
use receiver::{Receiver, is_troubled};

/// By less than a tenth may the others' delay change.
const AIM_OF_RATIO: f64 = 1.10;
/// So much of the bare client's messages a second leave the gate.
const AIM_OF_SHARE: f64 = 0.50;
/// Healthy and troubled rounds take turns so often; medians of the pairs count.
const ROUNDS: usize = 3;
/// Transfers a second in a round, each told to as many channels as a partner has.
const RATE: u32 = 1;
/// How long a round sends.
const SECONDS: u32 = 15;
/// Requests at once of the peers that do not wait for one answer before the next request.
const MANY: usize = 16;
/// Transfers of one burst.
const BURST: u32 = 60;

pub(super) fn run(root: &Path, args: &super::Args) -> Result<()> {
    guests::build(root, &["notify-template".to_owned()])?;
    let plain = Plain::build(root)?;
    let met = tokio::runtime::Runtime::new()?.block_on(play(root, &plain, args))?;
    ensure!(met || !args.strict, "an aim was missed");
    Ok(())
}

async fn play(root: &Path, plain: &Plain, args: &super::Args) -> Result<bool> {
    let dir = std::env::temp_dir().join(format!("lockgate-bench-{}", std::process::id()));
    let services = Options { progress: Progress::terminal(), ..Options::for_tests() };
    let settings = vec![("LOCKGATE_TELEMETRY__LOG", "warn".to_owned())];
    let stage = Stage::set(root, &dir, Plot { hosts: args.hosts, services, release: true, settings }).await?;
    let measured = measure(root, &stage, plain).await;
    stage.strike().await;
    if measured.is_ok() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("{} cannot be removed", dir.display()))?;
    }
    measured.with_context(|| format!("the hosts' logs are in {}", dir.display()))
}

async fn measure(root: &Path, stage: &Stage, plain: &Plain) -> Result<bool> {
    let receiver = Receiver::start().await?;
    println!("Setting up {CHANNELS} channels ...");
    let crowd = Crowd::gather(root, stage, &receiver).await?;
    crowd.round(&receiver, "warm-up", RATE, RATE * 5).await?;
    let isolation = isolation(&crowd, &receiver).await?;
    let throughput = throughput(stage, plain, &crowd, &receiver).await?;
    Ok(isolation && throughput)
}

/// Delays of the channels that are never troubled, without trouble and beside it.
async fn isolation(crowd: &Crowd, receiver: &Receiver) -> Result<bool> {
    let troubled = (0..CHANNELS).filter(|it| is_troubled(*it)).count();
    println!(
        "{RATE} transfers a second for {SECONDS} s, {PER_PARTNER} messages each; then {troubled} channels in trouble ..."
    );
    let (mut medians, mut tails) = (vec![], vec![]);
    let (mut all_calm, mut all_beside) = (vec![], vec![]);
    for round in 1..=ROUNDS {
        let calm = crowd.round(receiver, &format!("calm-{round}"), RATE, RATE * SECONDS).await?;
        receiver.trouble(true);
        let beside = crowd.round(receiver, &format!("beside-{round}"), RATE, RATE * SECONDS).await;
        receiver.trouble(false);
        let beside = beside?;
        all_calm.extend(&calm);
        all_beside.extend(&beside);
        let (calm, beside) = (Percentiles::of(calm), Percentiles::of(beside));
        println!("{}", calm.line(&format!("round {round}, all healthy: to the healthy ones")));
        println!("{}", beside.line(&format!("round {round}, beside trouble: to the same ones")));
        medians.push(ratio(beside.at(50), calm.at(50)));
        tails.push(ratio(beside.at(99), calm.at(99)));
    }
    let (calm, beside) = (Percentiles::of(all_calm), Percentiles::of(all_beside));
    let (p50, p99) = (rounded(median(medians)), rounded(median(tails)));
    let met = p50 < AIM_OF_RATIO && p99 < AIM_OF_RATIO;
    let line = json!({
        "name": "1,000 webhooks: committed to arrived, beside trouble against without", "messages": calm.count(),
        "calm_p50_ms": ms(calm.at(50)), "calm_p99_ms": ms(calm.at(99)),
        "beside_p50_ms": ms(beside.at(50)), "beside_p99_ms": ms(beside.at(99)),
        "p50_ratio": p50, "p99_ratio": p99, "aim": "both < 1.10", "met": met,
    });
    println!("{line}\nhealthy webhooks beside failing ones < 1.10: {}", if met { "met" } else { "MISSED" });
    Ok(met)
}

/// Messages a second of bursts, each followed by the peers with the same messages.
async fn throughput(stage: &Stage, plain: &Plain, crowd: &Crowd, receiver: &Receiver) -> Result<bool> {
    println!("Bursts of {} messages, and the peers with the same ones ...", BURST as usize * PER_PARTNER);
    let (mut gate, mut one, mut many, mut kept) = (vec![], vec![], vec![], vec![]);
    for round in 1..=ROUNDS {
        let (messages, took) = crowd.burst(receiver, &format!("burst-{round}"), BURST).await?;
        let messages = receiver::Message::distinct(messages);
        let rate = |took: Duration| messages.len() as f64 / took.as_secs_f64();
        gate.push(rate(took));
        one.push(rate(bare::post(&messages, receiver.address(), 1).await?));
        many.push(rate(bare::post(&messages, receiver.address(), MANY).await?));
        kept.push(plain.kept(stage, MANY, &lines(&messages, receiver)?)?);
        let line = [("the gate", &gate), ("a bare loop", &one), ("many at once", &many), ("each kept", &kept)];
        let line = line.map(|(what, rates)| format!("{what} {:.0}/s", rates[rates.len() - 1]));
        println!("burst {round}, {MANY} at once are many: {}", line.join(", "));
    }
    let of = |rates: &[f64]| rounded(median(gate.iter().zip(rates).map(|(gate, rate)| gate / rate).collect()));
    let (share, share_of_kept) = (of(&one), of(&kept));
    let kept_share = rounded(median(kept.iter().zip(&one).map(|(kept, one)| kept / one).collect()));
    let met = share >= AIM_OF_SHARE;
    let line = json!({
        "name": "1,000 webhooks: messages a second against plain clients", "gate_per_s": rounded(median(gate)),
        "bare_loop_per_s": rounded(median(one)), "bare_many_per_s": rounded(median(many)),
        "kept_per_s": rounded(median(kept)), "share": share, "share_of_kept": share_of_kept,
        "kept_share_of_bare_loop": kept_share, "aim": ">= 0.50 of the bare loop", "met": met,
    });
    println!("{line}\nmessages a second >= 0.50 of a bare client: {}", if met { "met" } else { "MISSED" });
    println!(
        "of a client that only commits a row before each message and marks it afterwards: {share_of_kept:.2}; \
         that client comes to {kept_share:.2} of the bare one"
    );
    Ok(met)
}

/// The messages as the peer reads them.
fn lines(messages: &[receiver::Message], to: &Receiver) -> Result<String> {
    let mut lines = String::new();
    for message in messages {
        let headers = message.headers.iter().map(|(name, value)| Ok((name.as_str(), value.to_str()?)));
        let headers: Vec<_> = headers.collect::<Result<_>>().context("a header is no text")?;
        let body = std::str::from_utf8(&message.body).context("a body is no text")?;
        let url = format!("http://{}/bare/{}", to.address(), message.channel);
        lines += &json!({ "url": url, "headers": headers, "body": body }).to_string();
        lines.push('\n');
    }
    Ok(lines)
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(1e-6)
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// To three digits.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
