//! Chaos: hosts die at any moment and Kafka forgets everything, while many transfers are sent.

mod accounts;
mod sender;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use lockgate_devservices::Service;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::{Args, stage};
use crate::operator::Operator;
use crate::receiver::{Behaviour, Receivers};
use crate::stage::Stage;
use crate::story::Story;
use accounts::Accounts;

/// Senders at work at once.
const SENDERS: usize = 8;
/// Policy revisions that become active while transfers are under way.
const REVISIONS: usize = 5;

pub(super) async fn prove(root: &Path, args: &Args, story: &mut Story) -> Result<()> {
    let (transfers, kills) = (args.transfers, args.kills);
    let seed = args.seed.unwrap_or_else(|| u64::from(std::process::id()));
    let mut stage = stage(root, false, story).await?;
    let receivers = Receivers::start(HashMap::from([("globex".to_owned(), Behaviour::default())])).await?;
    let operator = Operator(stage.client("operator", "")?);
    operator.partner("acme", "Acme", "NOTE").await?;
    operator.partner("globex", "Globex", "NOTE").await?;
    operator.agreement("acme", "globex").await?;
    operator.destination("globex", "inbox", json!({ "http": { "url": receivers.url("globex") } })).await?;
    let plugin = operator.plugin(root, "validate-csv").await?;
    policy(&operator, &plugin, 0).await?;

    let acknowledged = Arc::new(AtomicUsize::new(0));
    let acme = stage.client("partner", "acme")?;
    let hosts: Vec<_> = stage.hosts.iter().map(|host| acme.at(&host.base)).collect();
    let senders: Vec<_> = (0..SENDERS)
        .map(|first| {
            let numbers = (first..transfers).step_by(SENDERS);
            tokio::spawn(sender::send_all(hosts.clone(), numbers, Arc::clone(&acknowledged)))
        })
        .collect();
    story.say(&format!("{SENDERS} senders send {transfers} transfers; hosts die {kills} times (seed {seed}) ..."));
    let random = StdRng::seed_from_u64(seed);
    disturb(&mut stage, &operator, &plugin, &acknowledged, args, random, story).await?;
    let mut sent = vec![];
    for sender in senders {
        sent.extend(sender.await??);
    }
    story.step("transfers acknowledged", transfers, sent.len());

    let accounts = Accounts::close(&operator.0, &sent).await?;
    let received = receivers.received("globex");
    story.step("acknowledged transfers that are not there or did not finish", 0, accounts.unfinished());
    story.step("deliveries that the receiver counts by idempotency key", transfers, keys(&received));
    story.step("transfers that reached it under more than one key", 0, accounts.doubled());
    story.step("transfers judged by anything but exactly one revision, once", 0, accounts.judged_otherwise());
    story.say(&format!("   transfers by the revision that judged them: {}", accounts.by_revision()));
    story.say(&format!("   claims adopted from hosts that died or rings that got lost: {}", accounts.adopted()));
    story.say(&format!(
        "   repeats under the same key, which the receiver can tell: {}",
        received.len() - keys(&received)
    ));
    stage.strike().await;
    Ok(())
}

/// Kills, wipes and publishes, spread evenly over the acknowledged transfers.
async fn disturb(
    stage: &mut Stage,
    operator: &Operator,
    plugin: &str,
    acknowledged: &AtomicUsize,
    args: &Args,
    mut random: StdRng,
    story: &Story,
) -> Result<()> {
    let (transfers, kills) = (args.transfers, args.kills);
    let mut revisions = 0;
    for kill in 0..kills {
        reached(acknowledged, transfers * (kill + 1) / (kills + 1)).await?;
        if kill == kills / 2 {
            stage.services.wipe_service(Service::Kafka).await?;
            stage.services.start_service(Service::Kafka).await?;
            story.say("   Kafka was killed, its data removed, and it was started empty");
        }
        let host = random.random_range(0..stage.hosts.len());
        stage.kill_host(host)?;
        // Dead for a while that is sometimes shorter and sometimes longer than the others need to notice.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..3_000))).await;
        stage.start_host(host)?;
        stage.ready(host).await?;
        if revisions < REVISIONS * (kill + 1) / kills.max(1) {
            revisions += 1;
            policy(operator, plugin, revisions).await?;
        }
    }
    story.say(&format!("   {kills} times a host was killed, {revisions} revisions became active"));
    Ok(())
}

async fn reached(acknowledged: &AtomicUsize, wanted: usize) -> Result<()> {
    let until = tokio::time::Instant::now() + Duration::from_secs(300);
    while acknowledged.load(Ordering::Relaxed) < wanted {
        if tokio::time::Instant::now() > until {
            bail!(
                "only {} of {wanted} transfers were acknowledged in five minutes",
                acknowledged.load(Ordering::Relaxed)
            );
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// Each revision knows another column range, so that it is another revision.
async fn policy(operator: &Operator, plugin: &str, number: usize) -> Result<()> {
    let bindings = json!([{
        "name": "columns", "hook": "VALIDATE", "plugin": plugin, "framing": { "kind": "CSV" },
        "settings": { "columns": [{ "name": "amount", "type": "integer", "max": 1_000_000 + number }] },
    }]);
    operator.policy("acme", "INBOUND", &bindings).await.map(drop)
}

fn keys(received: &[crate::receiver::Received]) -> usize {
    let keys: std::collections::HashSet<_> = received.iter().map(|it| &it.key).collect();
    keys.len()
}
