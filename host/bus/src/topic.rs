//! Makes the commands topic where it is missing: at the first start, and again when Kafka's data was wiped.

use std::time::Duration;

use lockgate_core::ports::BusError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::types::RDKafkaErrorCode;

use crate::client::BusContext;
use crate::config::BusConfig;

/// Creates the topic unless it exists.
pub(crate) async fn ensure(config: &BusConfig) -> Result<(), BusError> {
    let admin: AdminClient<BusContext> = config
        .client("admin")
        .create_with_context(BusContext::default())
        .map_err(|e| BusError(format!("the admin client could not be made: {e}")))?;
    let name = config.topic();
    // Commands are worthless after a while: what was not rung for by then is adopted.
    let topic = NewTopic::new(&name, config.partitions, TopicReplication::Fixed(config.replication))
        .set("cleanup.policy", "delete")
        .set("retention.ms", "86400000");
    let options = AdminOptions::new()
        .request_timeout(Some(Duration::from_secs(10)))
        .operation_timeout(Some(Duration::from_secs(10)));
    let answers = admin
        .create_topics([&topic], &options)
        .await
        .map_err(|e| BusError(format!("topic `{name}` could not be created at {}: {e}", config.brokers)))?;
    for answer in answers {
        match answer {
            Ok(_) => tracing::info!(kafka.topic = name, "The commands topic was created."),
            Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => return Err(BusError(format!("topic `{name}` could not be created: {code}"))),
        }
    }
    // Dropping an admin client joins its thread.
    tokio::task::spawn_blocking(move || drop(admin)).await.ok();
    Ok(())
}
