//! One producer per set of brokers. Those that partners name, and those that these name in turn, pass the gate first.
//!
//! librdkafka resolves and connects by itself, so what is judged here is who may be asked at all: every broker that a
//! partner names, before a client exists, and every broker that those advertise, before each record. All of them have to
//! be on the allow-list, names by name: a name that resolved well when judged may resolve to something else a moment
//! later, and only the operator can vouch for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lockgate_core::delivery::Answer;
use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::producer::{FutureProducer, Producer as _};

use crate::answer::{failed, forbidden, refused};
use crate::egress::Gate;

const ROOM: usize = 16;
const METADATA: Duration = Duration::from_secs(10);

pub(super) struct Producers {
    gate: Arc<Gate>,
    known: Mutex<HashMap<String, FutureProducer>>,
}

impl Producers {
    pub(super) fn new(gate: Arc<Gate>) -> Self {
        Self { gate, known: Mutex::default() }
    }

    /// The installation's own.
    pub(super) fn own(&self, brokers: &str) -> Result<FutureProducer, Answer> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = known.get(brokers) {
            return Ok(producer.clone());
        }
        let producer = make(brokers)?;
        if known.len() >= ROOM {
            known.clear();
        }
        known.insert(brokers.to_owned(), producer.clone());
        Ok(producer)
    }

    /// A partner's.
    pub(super) async fn foreign(&self, brokers: &str, topic: &str) -> Result<FutureProducer, Answer> {
        for broker in brokers.split(',') {
            let (host, port) = broker.trim().rsplit_once(':').unwrap_or((broker.trim(), "9092"));
            let port = port.parse().map_err(|_| refused(format!("`{broker}` is not a broker's `host:port`")))?;
            self.check(host, port)?;
        }
        let producer = self.own(brokers)?;
        let (asking, topic) = (producer.clone(), topic.to_owned());
        let advertised = tokio::task::spawn_blocking(move || {
            let metadata = asking.client().fetch_metadata(Some(&topic), METADATA)?;
            Ok(metadata.brokers().iter().map(|broker| (broker.host().to_owned(), broker.port())).collect())
        });
        let advertised: Result<Vec<_>, KafkaError> = advertised.await.map_err(|error| failed(error.to_string()))?;
        for (host, port) in advertised.map_err(|error| failed(format!("the Kafka brokers do not answer: {error}")))? {
            let port = u16::try_from(port).map_err(|_| refused("a broker names an impossible port"))?;
            if let Err(answer) = self.check(&host, port) {
                self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(brokers);
                return Err(answer);
            }
        }
        Ok(producer)
    }

    fn check(&self, host: &str, port: u16) -> Result<(), Answer> {
        self.gate.broker(host, port).map_err(|denied| forbidden(denied.to_string()))
    }
}

fn make(brokers: &str) -> Result<FutureProducer, Answer> {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("client.id", "lockgate-delivery")
        .set("enable.idempotence", "true")
        .set("compression.type", "zstd")
        .set("delivery.timeout.ms", "30000")
        .set("socket.keepalive.enable", "true")
        .create()
        .map_err(|error| refused(format!("the Kafka brokers cannot be used: {error}")))
}
