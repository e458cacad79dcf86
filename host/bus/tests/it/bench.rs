//! What the tests work with: a bus of their own on the shared Kafka, and a claimer that remembers what it was asked.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use lockgate_bus::{BusConfig, Claimer, KafkaBus, Listening};
use lockgate_core::claim::{Aggregate, Claim, ClaimOrigin};
use lockgate_core::command::{Command, RungCommand, Work};
use lockgate_core::id::{HostId, PartnerId, TransferId};
use lockgate_core::ports::StoreError;
use lockgate_core::time::Timestamp;
use lockgate_core::trace::{NoTracer, TraceContext};
use lockgate_core::transfer::{Transfer, TransferState};
use lockgate_testkit::services::{services, unique};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use tokio::sync::mpsc;
use uuid::Uuid;

pub(crate) const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A bus on the shared Kafka under a prefix that nobody else uses.
pub(crate) async fn config() -> BusConfig {
    BusConfig { partitions: 4, ..BusConfig::new(services().await.kafka_brokers.clone(), unique("bus")) }
}

pub(crate) async fn bus(config: &BusConfig) -> KafkaBus {
    KafkaBus::connect(config, Arc::new(NoTracer)).await.expect("the shared Kafka answers")
}

pub(crate) fn command(number: u128) -> Command {
    Command {
        work: Work::Transfer(TransferId::from_uuid(Uuid::from_u128(number + 1))),
        version: 1,
        partner: PartnerId::from_uuid(Uuid::from_u128(1)),
        trace: TraceContext(Some(PARENT.to_owned())),
    }
}

pub(crate) fn commands(numbers: std::ops::Range<u128>) -> Vec<Command> {
    numbers.map(command).collect()
}

/// Claims everything once, like the store does, unless told to be away.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) asked: Mutex<Vec<RungCommand>>,
    pub(crate) away: Mutex<bool>,
    claimed: Mutex<HashSet<Work>>,
}

impl Ledger {
    pub(crate) fn set_away(&self, away: bool) {
        *self.away.lock().expect("not poisoned") = away;
    }

    pub(crate) fn asked(&self) -> Vec<RungCommand> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

#[async_trait]
impl Claimer for Ledger {
    async fn claim(&self, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError> {
        self.asked.lock().expect("not poisoned").extend_from_slice(commands);
        if *self.away.lock().expect("not poisoned") {
            return Err(StoreError::Unavailable("away for the test".to_owned()));
        }
        let mut claimed = self.claimed.lock().expect("not poisoned");
        let fresh = commands.iter().filter(|it| claimed.insert(it.command.work));
        Ok(fresh.map(claim).collect())
    }
}

fn claim(rung: &RungCommand) -> Claim {
    let at = Timestamp::UNIX_EPOCH;
    let transfer = Transfer {
        id: TransferId::from_uuid(rung.command.work.uuid()),
        version: rung.command.version + 1,
        state: TransferState::Received,
        trace: rung.command.trace.clone(),
        ..Transfer::announced(rung.command.partner, vec![], "a.csv", "text/csv", at)
    };
    Claim {
        aggregate: Aggregate::Transfer(transfer),
        host: HostId::from_uuid(Uuid::from_u128(1)),
        origin: ClaimOrigin::Rung(rung.ring.clone()),
        at,
    }
}

/// A listener with its queue.
pub(crate) fn listen(config: &BusConfig, ledger: &Arc<Ledger>, room: usize) -> (Listening, mpsc::Receiver<Claim>) {
    let (queue, claims) = mpsc::channel(room);
    let claimer = Arc::clone(ledger) as Arc<dyn Claimer>;
    (lockgate_bus::listen(config, claimer, Arc::new(NoTracer), queue).expect("a thread can start"), claims)
}

/// The next claims, or a panic when they do not come.
pub(crate) async fn next(claims: &mut mpsc::Receiver<Claim>, count: usize) -> Vec<Claim> {
    let all = async {
        let mut got = vec![];
        while got.len() < count {
            got.push(claims.recv().await.expect("the listener lives"));
        }
        got
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("the claims come within a minute")
}

pub(crate) fn works(claims: &[Claim]) -> HashSet<Work> {
    claims.iter().map(|it| it.aggregate.work()).collect()
}

pub(crate) fn admin(config: &BusConfig) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", &config.brokers).create().expect("an admin client can be made")
}

pub(crate) async fn delete_topic(config: &BusConfig) {
    let topic = config.topic();
    let deleted = admin(config).delete_topics(&[&topic], &AdminOptions::new()).await.expect("Kafka answers");
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
}
