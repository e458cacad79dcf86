//! What the bus needs to know of Kafka, and the client settings that follow from it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;

/// Where Kafka is and how the bus uses it.
#[derive(Clone)]
pub struct BusConfig {
    /// The bootstrap brokers, `host:port` separated by commas.
    pub brokers: String,
    /// What topics and consumer groups of this installation begin with.
    pub prefix: String,
    /// Partitions of the commands topic, where it has to be created.
    pub partitions: i32,
    /// Replicas of the commands topic, where it has to be created; -1 takes the brokers' default.
    pub replication: i32,
    /// Commands that are claimed together, at most.
    pub batch: usize,
    /// How long the brokers may take to acknowledge a command before it is published again.
    pub publish_timeout: Duration,
    /// Further librdkafka settings, for TLS and SASL.
    pub properties: BTreeMap<String, String>,
}

impl fmt::Debug for BusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("BusConfig");
        shown.field("brokers", &self.brokers).field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl BusConfig {
    /// A configuration with the usual sizes.
    pub fn new(brokers: impl Into<String>, prefix: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            prefix: prefix.into(),
            partitions: 8,
            replication: -1,
            batch: 100,
            publish_timeout: Duration::from_secs(10),
            properties: BTreeMap::new(),
        }
    }

    /// The topic that carries commands.
    pub fn topic(&self) -> String {
        format!("{}.commands", self.prefix)
    }

    /// The topic that carries nudges.
    pub fn nudge_topic(&self) -> String {
        format!("{}.nudges", self.prefix)
    }

    /// The consumer group of all hosts.
    pub fn group(&self) -> String {
        format!("{}.hosts", self.prefix)
    }

    /// Settings that producer, consumer and admin client share.
    pub(crate) fn client(&self, role: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", &self.brokers)
            .set("client.id", format!("{}-{role}", self.prefix))
            // A broker that comes back, and a topic that was made again, are noticed within seconds.
            .set("reconnect.backoff.max.ms", "2000")
            .set("topic.metadata.refresh.interval.ms", "10000")
            .set("socket.keepalive.enable", "true");
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
    }

    pub(crate) fn producer(&self) -> ClientConfig {
        let mut config = self.client("relay");
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("allow.auto.create.topics", "false")
            .set("topic.metadata.propagation.max.ms", "2000")
            .set("message.timeout.ms", self.publish_timeout.as_millis().to_string())
            // The relay hands over what is there and waits for it: lingering would only add to the latency.
            .set("linger.ms", "0");
        config
    }

    /// A consumer that belongs to no group: it reads all partitions, from the end on, and remembers nothing.
    pub(crate) fn nudge_consumer(&self) -> ClientConfig {
        let mut config = self.client("nudges");
        config
            // librdkafka wants a name even where no group is ever joined and no offset kept.
            .set("group.id", format!("{}.nudges", self.prefix))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // What fell out of the topic before it was read was missed, and must be known to be.
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "4096");
        config
    }

    pub(crate) fn consumer(&self) -> ClientConfig {
        let mut config = self.client("listener");
        config
            .set("group.id", self.group())
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("allow.auto.create.topics", "false")
            // A dead host's partitions move on soon; a slow database is not a dead host, the heartbeat has its own thread.
            .set("session.timeout.ms", "10000")
            .set("heartbeat.interval.ms", "2000")
            .set("max.poll.interval.ms", "120000")
            .set("fetch.wait.max.ms", "100")
            .set("queued.max.messages.kbytes", "4096")
            .set("statistics.interval.ms", "5000");
        config
    }
}
