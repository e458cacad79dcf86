//! Hears the nudges of all hosts, on a thread of its own: every partition from its end on, without a group.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lockgate_core::nudge::Nudge;
use lockgate_core::ports::NudgeSink;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::Message;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;

use crate::client::BusContext;
use crate::config::BusConfig;
use crate::listening::{ListenError, Listening};
use crate::topic;

const POLL: Duration = Duration::from_millis(100);
/// How long the brokers may take to say where a partition ends.
const ENDS: Duration = Duration::from_secs(5);
/// After a consumer that could not be set up.
const AGAIN: Duration = Duration::from_secs(1);

/// Starts to hear nudges.
///
/// # Errors
///
/// When the thread cannot start.
pub fn hear_nudges(config: &BusConfig, sink: Arc<dyn NudgeSink>) -> Result<Listening, ListenError> {
    let (config, runtime) = (config.clone(), Handle::current());
    Listening::start("kafka-nudges", move |stop| Ear { config, sink, runtime, stop }.run())
}

struct Ear {
    config: BusConfig,
    sink: Arc<dyn NudgeSink>,
    runtime: Handle,
    stop: Arc<AtomicBool>,
}

impl Ear {
    /// Listens until told to stop; a consumer that cannot go on is replaced.
    fn run(&self) -> Result<(), ListenError> {
        while !self.stopping() {
            let consumer: BaseConsumer<BusContext> = self
                .config
                .nudge_consumer()
                .create_with_context(BusContext::default())
                .map_err(|e| ListenError::Consumer(e.to_string()))?;
            match self.assign_ends(&consumer) {
                Ok(()) => {
                    // Whatever came before the ends were known was not heard.
                    self.sink.missed();
                    self.listen(&consumer);
                }
                Err(error) => {
                    tracing::warn!(kafka.error = %error, "Nudges cannot be heard yet; subscriptions hear of changes later.");
                    let _ = self.runtime.block_on(topic::ensure_nudges(&self.config));
                    std::thread::sleep(AGAIN);
                }
            }
        }
        Ok(())
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Takes every partition from where it ends now: an offset, so that nothing after this moment is passed over.
    fn assign_ends(&self, consumer: &BaseConsumer<BusContext>) -> KafkaResult<()> {
        let name = self.config.nudge_topic();
        let metadata = consumer.fetch_metadata(Some(&name), ENDS)?;
        let partitions = metadata.topics().iter().find(|it| it.name() == name).map_or(&[][..], |it| it.partitions());
        if partitions.is_empty() {
            return Err(KafkaError::MetadataFetch(RDKafkaErrorCode::UnknownTopicOrPartition));
        }
        let mut wanted = TopicPartitionList::new();
        for partition in partitions {
            let (_, end) = consumer.fetch_watermarks(&name, partition.id(), ENDS)?;
            wanted.add_partition_offset(&name, partition.id(), Offset::Offset(end))?;
        }
        consumer.assign(&wanted)
    }

    fn listen(&self, consumer: &BaseConsumer<BusContext>) {
        while !self.stopping() {
            match consumer.poll(POLL) {
                None => {}
                Some(Ok(message)) => match serde_json::from_slice::<Nudge>(message.payload().unwrap_or_default()) {
                    Ok(nudge) => self.sink.nudged(&nudge),
                    Err(error) => tracing::warn!(
                        kafka.offset = message.offset(), error = %error,
                        "A record on the nudges topic is not a nudge and was skipped."
                    ),
                },
                Some(Err(error)) if is_lasting(&error) => {
                    tracing::info!(kafka.error = %error, "Nudges may have been missed; they are heard anew from the end.");
                    return;
                }
                Some(Err(error)) => {
                    tracing::debug!(kafka.error = %error, "Kafka could not be read; the client tries again.");
                }
            }
        }
    }
}

/// Whether the consumer would not come back from it by itself, or not without a gap.
fn is_lasting(error: &KafkaError) -> bool {
    matches!(error, KafkaError::MessageConsumptionFatal(_))
        || matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::UnknownTopicOrPartition
                    | RDKafkaErrorCode::UnknownTopic
                    | RDKafkaErrorCode::UnknownPartition
                    | RDKafkaErrorCode::AutoOffsetReset
                    | RDKafkaErrorCode::OffsetOutOfRange
            )
        )
}
