//! What the bus counts and measures.

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};

/// The bus's instruments.
#[derive(Debug, Clone)]
pub(crate) struct BusMetrics {
    published: Counter<u64>,
    failures: Counter<u64>,
    received: Counter<u64>,
    claimed: Counter<u64>,
    malformed: Counter<u64>,
    lag: Gauge<u64>,
}

impl BusMetrics {
    pub(crate) fn new() -> Self {
        let meter = global::meter("lockgate");
        Self {
            published: meter
                .u64_counter("lockgate.bus.commands.published")
                .with_description("Commands that Kafka acknowledged")
                .build(),
            failures: meter
                .u64_counter("lockgate.bus.publish.failures")
                .with_description("Batches of commands that Kafka did not take")
                .build(),
            received: meter
                .u64_counter("lockgate.bus.commands.received")
                .with_description("Commands read from Kafka")
                .build(),
            claimed: meter
                .u64_counter("lockgate.bus.commands.claimed")
                .with_description("Commands that led to a claim; the rest were repeats")
                .build(),
            malformed: meter
                .u64_counter("lockgate.bus.commands.malformed")
                .with_description("Records on the commands topic that are not commands")
                .build(),
            lag: meter
                .u64_gauge("lockgate.bus.lag")
                .with_description("Commands between the end of a partition and what its host has read")
                .build(),
        }
    }

    pub(crate) fn published(&self, commands: usize) {
        self.published.add(commands as u64, &[]);
    }

    pub(crate) fn publish_failed(&self) {
        self.failures.add(1, &[]);
    }

    pub(crate) fn claimed(&self, received: usize, claimed: usize) {
        self.received.add(received as u64, &[]);
        self.claimed.add(claimed as u64, &[]);
    }

    pub(crate) fn malformed(&self) {
        self.malformed.add(1, &[]);
    }

    pub(crate) fn lag(&self, topic: &str, partition: i32, lag: u64) {
        let labels = [KeyValue::new("topic", topic.to_owned()), KeyValue::new("partition", i64::from(partition))];
        self.lag.record(lag, &labels);
    }
}
