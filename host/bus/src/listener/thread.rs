//! The thread that polls Kafka: gather commands, have them claimed, commit their offsets, hand the claims on.
//!
//! It never stops polling for longer than one claim takes: a host that stays full pauses its partitions, and a database
//! that does not answer keeps the gathered commands here, their offsets uncommitted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lockgate_core::claim::Claim;
use lockgate_core::command::RungCommand;
use lockgate_core::ports::StoreError;
use lockgate_core::trace::Tracer;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::Claimer;
use crate::client::BusContext;
use crate::config::BusConfig;
use crate::listening::ListenError;
use crate::metrics::BusMetrics;
use crate::{envelope, topic};

/// How long one poll waits for the first command.
const POLL: Duration = Duration::from_millis(100);
/// How long a full host waits for room before it pauses its partitions. Pausing throws away what the client has fetched,
/// and it fetches again only after a good while: hosts that are full for moments would stand idle most of the time.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long one poll waits while the host is full: room is looked for as often.
const FULL_POLL: Duration = Duration::from_millis(20);
const CLAIM_TIMEOUT: Duration = Duration::from_secs(20);
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// All that the thread works with.
pub(super) struct ListenerThread {
    pub(super) config: BusConfig,
    pub(super) claimer: Arc<dyn Claimer>,
    pub(super) tracer: Arc<dyn Tracer>,
    pub(super) queue: mpsc::Sender<Claim>,
    pub(super) runtime: Handle,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) metrics: BusMetrics,
}

/// What was read and is not settled yet.
#[derive(Default)]
struct Gathered {
    commands: Vec<RungCommand>,
    /// Positions behind everything read, by partition; committed once the commands are claimed.
    positions: Vec<(i32, i64)>,
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    fn passed(&mut self, partition: i32, offset: i64) {
        match self.positions.iter_mut().find(|(it, _)| *it == partition) {
            Some((_, position)) => *position = offset + 1,
            None => self.positions.push((partition, offset + 1)),
        }
    }
}

impl ListenerThread {
    /// Polls until told to stop; a consumer that fails for good is replaced.
    pub(super) fn run(&mut self) -> Result<(), ListenError> {
        while !self.stopping() {
            let context = BusContext::measuring(self.config.topic(), self.metrics.clone());
            let consumer: BaseConsumer<BusContext> = self
                .config
                .consumer()
                .create_with_context(context)
                .map_err(|e| ListenError::Consumer(e.to_string()))?;
            consumer.subscribe(&[&self.config.topic()]).map_err(|e| ListenError::Consumer(e.to_string()))?;
            self.listen(&consumer);
            // Dropping the consumer leaves the group, so that the others take its partitions at once.
        }
        Ok(())
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.queue.is_closed()
    }

    fn listen(&self, consumer: &BaseConsumer<BusContext>) {
        let mut gathered = Gathered::default();
        let mut paused = false;
        let mut failures = 0_u32;
        let mut next_claim = Instant::now();
        while !self.stopping() {
            if gathered.is_empty() && !paused {
                self.wait_for_room();
            }
            let room = if gathered.is_empty() { self.queue.capacity().min(self.config.batch) } else { 0 };
            let wanted = room == 0;
            if paused != wanted || consumer.context().take_rebalanced() {
                paused = set_paused(consumer, wanted);
            }
            if !self.gather(consumer, room, &mut gathered) {
                return;
            }
            if gathered.is_empty() || Instant::now() < next_claim {
                continue;
            }
            match self.claim(&gathered.commands) {
                Ok(()) => {
                    self.commit(consumer, &gathered);
                    gathered = Gathered::default();
                    failures = 0;
                }
                Err(error) => {
                    failures += 1;
                    let pause = BACKOFF.1.min(BACKOFF.0 * 2_u32.saturating_pow(failures.min(10)));
                    next_claim = Instant::now() + pause;
                    tracing::warn!(error = %error, commands = gathered.commands.len(), "Commands wait for the database.");
                }
            }
        }
    }

    /// Returns as soon as the queue has room, and after [`PATIENCE`] in any case.
    fn wait_for_room(&self) {
        if self.queue.capacity() == 0 {
            let _ =
                self.runtime.block_on(async { tokio::time::timeout(PATIENCE, self.queue.reserve()).await.map(drop) });
        }
    }

    /// Reads what is there, up to `room` commands; false when the consumer cannot go on.
    fn gather(&self, consumer: &BaseConsumer<BusContext>, room: usize, gathered: &mut Gathered) -> bool {
        let mut wait = if room == 0 { FULL_POLL } else { POLL };
        while let Some(polled) = consumer.poll(wait) {
            match polled {
                Ok(message) => {
                    gathered.passed(message.partition(), message.offset());
                    match envelope::unwrap(&message) {
                        Ok(command) => gathered.commands.push(command),
                        Err(error) => self.skip(&message, &error),
                    }
                }
                Err(error) => return self.survive(&error),
            }
            if gathered.commands.len() >= room {
                break;
            }
            wait = Duration::ZERO;
        }
        true
    }

    fn skip(&self, message: &impl Message, error: &envelope::Malformed) {
        self.metrics.malformed();
        tracing::warn!(
            kafka.topic = message.topic(),
            kafka.partition = message.partition(),
            kafka.offset = message.offset(),
            error = %error,
            "A record on the commands topic is not a command and was skipped."
        );
    }

    /// What to do about an error of the consumer; false when it must be replaced.
    fn survive(&self, error: &KafkaError) -> bool {
        if let KafkaError::MessageConsumptionFatal(code) = error {
            tracing::warn!(kafka.error = %code, "The Kafka consumer failed for good and is replaced.");
            return false;
        }
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownTopicOrPartition) {
            tracing::warn!(kafka.topic = self.config.topic(), "The commands topic is gone and is made again.");
            if let Err(error) = self.runtime.block_on(topic::ensure(&self.config)) {
                tracing::warn!(error = %error, "The commands topic could not be made again yet.");
            }
            // Its offsets meant another log: a new consumer begins at the group's, or at the beginning.
            return false;
        }
        tracing::debug!(kafka.error = %error, "Kafka could not be read; the client tries again.");
        true
    }

    /// Has the commands claimed and hands the claims on.
    fn claim(&self, commands: &[RungCommand]) -> Result<(), StoreError> {
        if commands.is_empty() {
            return Ok(());
        }
        let spans: Vec<_> = commands.iter().map(|it| self.span(it)).collect();
        self.runtime.block_on(async {
            let claims = tokio::time::timeout(CLAIM_TIMEOUT, self.claimer.claim(commands))
                .await
                .map_err(|_| StoreError::Unavailable(format!("no answer within {CLAIM_TIMEOUT:?}")))??;
            drop(spans);
            self.metrics.claimed(commands.len(), claims.len());
            for claim in claims {
                // The adopter may have filled the queue meanwhile; then this waits for a worker. A closed queue means
                // that the host stops, and what it claimed is adopted by others.
                let _ = self.queue.send(claim).await;
            }
            Ok(())
        })
    }

    fn span(&self, rung: &RungCommand) -> tracing::Span {
        let span = tracing::info_span!(
            "claim",
            otel.kind = "consumer",
            work = %rung.command.work,
            kafka.topic = rung.ring.topic,
            kafka.partition = rung.ring.partition,
            kafka.offset = rung.ring.offset
        );
        self.tracer.adopt(&span, &rung.command.trace);
        span
    }

    fn commit(&self, consumer: &BaseConsumer<BusContext>, gathered: &Gathered) {
        let topic = self.config.topic();
        let mut offsets = TopicPartitionList::new();
        for (partition, position) in &gathered.positions {
            let _ = offsets.add_partition_offset(&topic, *partition, Offset::Offset(*position));
        }
        // A lost commit only means repeats, and repeats claim nothing.
        if let Err(error) = consumer.commit(&offsets, CommitMode::Async) {
            tracing::debug!(kafka.error = %error, "Offsets could not be committed.");
        }
    }
}

/// Pauses or resumes all partitions of this host; says whether they are paused now.
fn set_paused(consumer: &BaseConsumer<BusContext>, wanted: bool) -> bool {
    let Ok(assignment) = consumer.assignment() else { return !wanted };
    let outcome = if wanted { consumer.pause(&assignment) } else { consumer.resume(&assignment) };
    match outcome {
        Ok(()) => wanted,
        Err(error) => {
            tracing::debug!(kafka.error = %error, "Partitions could not be paused or resumed.");
            !wanted
        }
    }
}
