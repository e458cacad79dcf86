//! Makes the topics where they are missing: at the first start, and again when Kafka's data was wiped.

use std::time::Duration;

use lockgate_core::ports::BusError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::types::RDKafkaErrorCode;

use crate::client::BusContext;
use crate::config::BusConfig;

/// Commands are worthless after a while: what was not rung for by then is adopted.
const DAY: &str = "86400000";
/// A nudge is worthless as soon as every host has heard it.
const MINUTES: &str = "600000";

/// Creates the commands topic unless it exists.
pub(crate) async fn ensure(config: &BusConfig) -> Result<(), BusError> {
    make(config, &config.topic(), config.partitions, DAY).await
}

/// Creates the nudges topic unless it exists; every host reads all of it, so one partition does.
pub(crate) async fn ensure_nudges(config: &BusConfig) -> Result<(), BusError> {
    make(config, &config.nudge_topic(), 1, MINUTES).await
}

async fn make(config: &BusConfig, name: &str, partitions: i32, retention_ms: &str) -> Result<(), BusError> {
    let admin: AdminClient<BusContext> = config
        .client("admin")
        .create_with_context(BusContext::default())
        .map_err(|e| BusError(format!("the admin client could not be made: {e}")))?;
    let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(config.replication))
        .set("cleanup.policy", "delete")
        .set("retention.ms", retention_ms);
    let options = AdminOptions::new()
        .request_timeout(Some(Duration::from_secs(10)))
        .operation_timeout(Some(Duration::from_secs(10)));
    let answers = admin
        .create_topics([&topic], &options)
        .await
        .map_err(|e| BusError(format!("topic `{name}` could not be created at {}: {e}", config.brokers)))?;
    for answer in answers {
        match answer {
            Ok(_) => tracing::info!(kafka.topic = name, "A topic was created."),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(BusError(format!("topic `{name}` could not be created: {code}"))),
        }
    }
    // Dropping an admin client joins its thread.
    tokio::task::spawn_blocking(move || drop(admin)).await.ok();
    Ok(())
}
