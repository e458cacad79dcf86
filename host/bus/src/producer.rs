//! Publishes commands with an idempotent producer, and gets a new one where the old one cannot go on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::command::Command;
use lockgate_core::ports::{BusError, TransferBus};
use lockgate_core::trace::{TraceContext, Tracer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::util::TokioRuntime;
use tokio::sync::RwLock;
use tracing::field::Empty;

use crate::client::BusContext;
use crate::config::BusConfig;
use crate::metrics::BusMetrics;
use crate::{envelope, topic};

pub(crate) type Connection = FutureProducer<BusContext, TokioRuntime>;

/// Kafka as the bus.
pub struct KafkaBus {
    config: BusConfig,
    tracer: Arc<dyn Tracer>,
    connection: RwLock<Connection>,
    metrics: BusMetrics,
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaBus").field("config", &self.config).finish_non_exhaustive()
    }
}

impl KafkaBus {
    /// Connects and makes sure that the commands topic exists.
    pub async fn connect(config: &BusConfig, tracer: Arc<dyn Tracer>) -> Result<Self, BusError> {
        topic::ensure(config).await?;
        topic::ensure_nudges(config).await?;
        let connection = RwLock::new(open(config)?);
        Ok(Self { config: config.clone(), tracer, connection, metrics: BusMetrics::new() })
    }

    /// Asks the brokers for the commands topic, for readiness checks.
    pub async fn ping(&self, timeout: Duration) -> Result<(), BusError> {
        let connection = self.connection.read().await.clone();
        let name = self.config.topic();
        let asked = tokio::task::spawn_blocking(move || {
            let metadata = connection.client().fetch_metadata(Some(&name), timeout).map_err(|e| e.to_string())?;
            match metadata.topics().iter().find(|it| it.name() == name) {
                Some(topic) if topic.error().is_none() => Ok(()),
                _ => Err(format!("topic `{name}` does not exist")),
            }
        });
        asked.await.map_err(|e| BusError(e.to_string()))?.map_err(BusError)
    }

    /// The producer of now, and its configuration.
    pub(crate) async fn producer(&self) -> (Connection, &BusConfig) {
        (self.connection.read().await.clone(), &self.config)
    }

    async fn send(&self, commands: &[Command]) -> Result<(), BusError> {
        let connection = self.connection.read().await.clone();
        let topic = self.config.topic();
        let mut sent = Vec::with_capacity(commands.len());
        for command in commands {
            let span = tracing::info_span!(
                "relay",
                otel.kind = "producer",
                work = %command.work,
                kafka.topic = topic,
                kafka.partition = Empty,
                kafka.offset = Empty
            );
            self.tracer.adopt(&span, &command.trace);
            let envelope = envelope::wrap(&self.under(&span, command));
            let record = FutureRecord::to(&topic).key(&envelope.key).payload(&envelope.value).headers(envelope.headers);
            let report = connection.send_result(record).map_err(|(e, _)| BusError(e.to_string()))?;
            sent.push((span, report));
        }
        for (span, report) in sent {
            let delivery = report
                .await
                .map_err(|_| BusError("the producer was closed".to_owned()))?
                .map_err(|(e, _)| BusError(e.to_string()))?;
            span.record("kafka.partition", delivery.partition);
            span.record("kafka.offset", delivery.offset);
        }
        Ok(())
    }

    /// The command as part of the relay's span, so that whoever is rung continues from there.
    fn under(&self, span: &tracing::Span, command: &Command) -> Command {
        match self.tracer.context(span) {
            TraceContext(None) => command.clone(),
            trace => Command { trace, ..command.clone() },
        }
    }

    /// Makes the topic again if it is gone, and leaves the old producer behind: after Kafka lost its data, or after a
    /// fatal error, it would go on failing.
    pub(crate) async fn recover(&self) -> Result<(), BusError> {
        topic::ensure(&self.config).await?;
        topic::ensure_nudges(&self.config).await?;
        let fresh = open(&self.config)?;
        let old = std::mem::replace(&mut *self.connection.write().await, fresh);
        tokio::task::spawn_blocking(move || drop(old)).await.ok();
        Ok(())
    }
}

#[async_trait]
impl TransferBus for KafkaBus {
    async fn publish(&self, commands: &[Command]) -> Result<(), BusError> {
        match self.send(commands).await {
            Ok(()) => {
                self.metrics.published(commands.len());
                Ok(())
            }
            Err(error) => {
                self.metrics.publish_failed();
                if let Err(second) = self.recover().await {
                    tracing::debug!(error = %second, "Kafka could not be reached again yet.");
                }
                Err(error)
            }
        }
    }
}

fn open(config: &BusConfig) -> Result<Connection, BusError> {
    config
        .producer()
        .create_with_context(BusContext::default())
        .map_err(|e| BusError(format!("the producer could not be made: {e}")))
}
