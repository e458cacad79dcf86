//! A thousand webhooks: what some that fail, and one that hangs, do to the others; and how many messages a second leave,
//! against a bare client that posts the same to the same receiver.

mod bare;
mod crowd;
mod receiver;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lockgate_devservices::{Options, Progress};
use serde_json::json;

use super::percentiles::Percentiles;
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
/// Transfers of one burst.
const BURST: u32 = 60;

pub(super) fn run(root: &Path, args: &super::Args) -> Result<()> {
    guests::build(root, &["notify-template".to_owned()])?;
    let met = tokio::runtime::Runtime::new()?.block_on(play(root, args))?;
    ensure!(met || !args.strict, "an aim was missed");
    Ok(())
}

async fn play(root: &Path, args: &super::Args) -> Result<bool> {
    let dir = std::env::temp_dir().join(format!("lockgate-bench-{}", std::process::id()));
    let services = Options { progress: Progress::terminal(), ..Options::for_tests() };
    let settings = vec![("LOCKGATE_TELEMETRY__LOG", "warn".to_owned())];
    let stage = Stage::set(root, &dir, Plot { hosts: args.hosts, services, release: true, settings }).await?;
    let measured = measure(root, &stage).await;
    stage.strike().await;
    if measured.is_ok() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("{} cannot be removed", dir.display()))?;
    }
    measured.with_context(|| format!("the hosts' logs are in {}", dir.display()))
}

async fn measure(root: &Path, stage: &Stage) -> Result<bool> {
    let receiver = Receiver::start().await?;
    println!("Setting up {CHANNELS} channels ...");
    let crowd = Crowd::gather(root, stage, &receiver).await?;
    crowd.round(&receiver, "warm-up", RATE, RATE * 5).await?;
    let isolation = isolation(&crowd, &receiver).await?;
    let throughput = throughput(&crowd, &receiver).await?;
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
    let (p50, p99) = (median(medians), median(tails));
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

/// Messages a second of bursts, each followed by the bare client with the same messages.
async fn throughput(crowd: &Crowd, receiver: &Receiver) -> Result<bool> {
    println!("Bursts of {} messages, and a bare client with the same ones ...", BURST as usize * PER_PARTNER);
    let (mut gate, mut bare_one, mut bare_many, mut shares) = (vec![], vec![], vec![], vec![]);
    for round in 1..=ROUNDS {
        let (messages, took) = crowd.burst(receiver, &format!("burst-{round}"), BURST).await?;
        let (count, messages) = (messages.len(), receiver::Message::distinct(messages));
        let rate = |took: Duration| count as f64 / took.as_secs_f64();
        let one = rate(bare::post(&messages, receiver.address(), 1).await?);
        let many = rate(bare::post(&messages, receiver.address(), bare::MANY).await?);
        let gate_rate = rate(took);
        println!(
            "burst {round}: the gate {gate_rate:.0}/s, a bare loop {one:.0}/s, {} at once {many:.0}/s",
            bare::MANY
        );
        gate.push(gate_rate);
        bare_one.push(one);
        bare_many.push(many);
        shares.push(gate_rate / one);
    }
    let share = median(shares);
    let met = share >= AIM_OF_SHARE;
    let line = json!({
        "name": "1,000 webhooks: messages a second against a bare client", "gate_per_s": median(gate),
        "bare_loop_per_s": median(bare_one), "bare_many_per_s": median(bare_many), "share": share,
        "aim": ">= 0.50 of the bare loop", "met": met,
    });
    println!("{line}\nmessages a second >= 0.50 of a bare client: {}", if met { "met" } else { "MISSED" });
    Ok(met)
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64().max(1e-6)
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}

/// The middle one, to three digits.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.get(values.len() / 2).copied().unwrap_or_default();
    (middle * 1_000.0).round() / 1_000.0
}
