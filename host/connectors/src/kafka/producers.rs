//! One producer per set of brokers and way of speaking to them. Those that partners name, and those that these name in turn, pass the gate first.
//!
//! librdkafka resolves and connects by itself, so what is judged here is who may be asked at all: every broker that a
//! partner names, before a client exists, and every broker that those advertise, before each record. All of them have to
//! be on the allow-list, names by name: a name that resolved well when judged may resolve to something else a moment
//! later, and only the operator can vouch for it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use lockgate_core::delivery::Answer;
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, Producer as _};

use super::failures::Failures;
use crate::answer::{failed, forbidden, refused};
use crate::egress::Gate;

const ROOM: usize = 16;
/// Brokers are asked as often before they count as not answering, so that a refused login is noticed in between.
const QUESTIONS: usize = 5;
const METADATA: Duration = Duration::from_secs(2);

/// A producer, and what it heard of its brokers since it was asked for.
#[derive(Clone)]
pub(super) struct Producer {
    pub(super) sending: FutureProducer<Failures>,
    pub(super) heard: Failures,
}

impl Producer {
    /// For another record.
    fn again(&self) -> Self {
        Self { sending: self.sending.clone(), heard: self.heard.afresh() }
    }

    /// Why it takes no record any more, if that is so.
    pub(super) fn broken(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.sending.client().fatal_error()
    }
}

/// Which brokers, and how they are spoken to.
#[derive(Clone, Copy)]
pub(super) struct Brokers<'a> {
    pub(super) bootstrap: &'a str,
    pub(super) properties: &'a BTreeMap<String, String>,
}

/// Producers by the digest of all that they were made from: nobody sends under another's login, and a renewed secret
/// makes a new one.
pub(super) struct Producers {
    gate: Arc<Gate>,
    known: Mutex<HashMap<[u8; 32], Producer>>,
}

impl Producers {
    pub(super) fn new(gate: Arc<Gate>) -> Self {
        Self { gate, known: Mutex::default() }
    }

    /// The installation's own. One that is broken for good, as an idempotent producer may be, takes no record any more: in
    /// its place there is a new one.
    pub(super) fn own(&self, brokers: &Brokers<'_>) -> Result<Producer, Answer> {
        let key = brokers.key();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = known.get(&key).filter(|producer| producer.broken().is_none()) {
            return Ok(producer.again());
        }
        let producer = make(brokers)?;
        if known.len() >= ROOM {
            known.clear();
        }
        known.insert(key, producer.clone());
        Ok(producer)
    }

    /// A partner's.
    pub(super) async fn foreign(&self, brokers: &Brokers<'_>, topic: &str) -> Result<Producer, Answer> {
        for broker in brokers.bootstrap.split(',') {
            let (host, port) = broker.trim().rsplit_once(':').unwrap_or((broker.trim(), "9092"));
            let port = port.parse().map_err(|_| refused(format!("`{broker}` is not a broker's `host:port`")))?;
            self.check(host, port)?;
        }
        let producer = self.own(brokers)?;
        let advertised = async {
            for (host, port) in advertised(&producer, topic).await? {
                let port = u16::try_from(port).map_err(|_| refused("a broker names an impossible port"))?;
                self.check(&host, port)?;
            }
            Ok(())
        };
        match advertised.await {
            Ok(()) => Ok(producer),
            Err(answer) => {
                // It would go on asking whoever must not be reached, or does not want it.
                self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&brokers.key());
                Err(answer)
            }
        }
    }

    fn check(&self, host: &str, port: u16) -> Result<(), Answer> {
        self.gate.broker(host, port).map_err(|denied| forbidden(denied.to_string()))
    }
}

impl Brokers<'_> {
    fn key(&self) -> [u8; 32] {
        let properties =
            self.properties.iter().map(|(name, value)| format!("{}:{name}{}:{value}", name.len(), value.len()));
        let text = properties.fold(self.bootstrap.to_owned(), |text, property| format!("{text}\0{property}"));
        let mut key = [0; 32];
        key.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        key
    }
}

/// The brokers that the brokers name.
async fn advertised(producer: &Producer, topic: &str) -> Result<Vec<(String, i32)>, Answer> {
    let (asking, topic) = (producer.clone(), topic.to_owned());
    let asked = tokio::task::spawn_blocking(move || {
        let mut unanswered = None;
        for _ in 0..QUESTIONS {
            match asking.sending.client().fetch_metadata(Some(&topic), METADATA) {
                Ok(metadata) => {
                    let brokers = metadata.brokers().iter();
                    return Ok(brokers.map(|broker| (broker.host().to_owned(), broker.port())).collect());
                }
                Err(error) => unanswered = Some(error),
            }
            if let Some(refusal) = asking.heard.refusal() {
                return Err(refusal);
            }
        }
        let why = unanswered.map(|error: KafkaError| error.to_string()).unwrap_or_default();
        Err(failed(format!("the Kafka brokers do not answer: {why}")))
    });
    asked.await.map_err(|error| failed(error.to_string()))?
}

fn make(brokers: &Brokers<'_>) -> Result<Producer, Answer> {
    let (mut config, heard) = (ClientConfig::new(), Failures::default());
    for (name, value) in brokers.properties {
        config.set(name, value);
    }
    let sending = config
        .set("bootstrap.servers", brokers.bootstrap)
        .set("client.id", "lockgate-delivery")
        .set("enable.idempotence", "true")
        .set("compression.type", "zstd")
        .set("delivery.timeout.ms", "30000")
        .set("socket.keepalive.enable", "true")
        .create_with_context(heard.clone())
        .map_err(|error| refused(format!("the Kafka brokers cannot be used: {error}")))?;
    Ok(Producer { sending, heard })
}

#[cfg(test)]
mod tests;
