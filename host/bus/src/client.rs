//! Carries librdkafka's own log lines and statistics into ours.

use std::sync::atomic::{AtomicBool, Ordering};

use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::statistics::Statistics;

use crate::metrics::BusMetrics;

/// The context of every Kafka client of the bus.
#[derive(Debug, Default)]
pub(crate) struct BusContext {
    metrics: Option<BusMetrics>,
    topic: String,
    rebalanced: AtomicBool,
}

impl BusContext {
    /// The context of the consumer, which measures lag on that topic.
    pub(crate) fn measuring(topic: String, metrics: BusMetrics) -> Self {
        Self { metrics: Some(metrics), topic, rebalanced: AtomicBool::new(false) }
    }

    /// Whether partitions came or went since the last question.
    pub(crate) fn take_rebalanced(&self) -> bool {
        self.rebalanced.swap(false, Ordering::Relaxed)
    }
}

impl ClientContext for BusContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::warn!(kafka.facility = facility, "Kafka client: {message}");
            }
            RDKafkaLogLevel::Warning => tracing::info!(kafka.facility = facility, "Kafka client: {message}"),
            _ => tracing::debug!(kafka.facility = facility, "Kafka client: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(kafka.error = %error, "Kafka client: {reason}");
    }

    fn stats(&self, statistics: Statistics) {
        let (Some(metrics), Some(topic)) = (&self.metrics, statistics.topics.get(&self.topic)) else { return };
        for partition in topic.partitions.values() {
            // Partition -1 stands for "not yet known"; a negative lag for "not ours".
            if let (0.., Ok(lag)) = (partition.partition, u64::try_from(partition.consumer_lag)) {
                metrics.lag(&self.topic, partition.partition, lag);
            }
        }
    }
}

impl ConsumerContext for BusContext {
    fn post_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.rebalanced.store(true, Ordering::Relaxed);
        match rebalance {
            Rebalance::Assign(partitions) => {
                tracing::info!(kafka.partitions = %listed(partitions), "Kafka gave this host partitions.");
            }
            Rebalance::Revoke(partitions) => {
                tracing::info!(kafka.partitions = %listed(partitions), "Kafka took partitions from this host.");
            }
            Rebalance::Error(error) => {
                tracing::warn!(kafka.error = %error, "The consumer group could not be balanced.");
            }
        }
    }
}

fn listed(partitions: &TopicPartitionList) -> String {
    let numbers: Vec<String> = partitions.elements().iter().map(|it| it.partition().to_string()).collect();
    numbers.join(",")
}
