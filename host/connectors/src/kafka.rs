//! Destination `kafka`: one record per delivery, with the delivery's id as CloudEvents id so that consumers can tell
//! repeats.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{KafkaOptions, KafkaPayload};
use lockgate_core::payload::Payload;
use lockgate_core::ports::{Consigned, PayloadStore};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::FutureRecord;

use crate::answer::{failed, forbidden, ours, refused};
use crate::config::{ConnectorsConfig, InstallationKafka};
use crate::egress::Egress;
use crate::secrets::Secrets;
use crate::template::fill;

mod failures;
mod producers;
mod record;
mod security;

pub use security::{BrokerLogin, BrokerSecurity, BrokerTls};

use producers::{Brokers, Producers};

/// Larger payloads are pointed at.
const LARGEST_INLINE: u64 = 512 * 1024;
const QUEUE: Duration = Duration::from_secs(10);

pub(crate) struct KafkaConnector {
    own: Option<InstallationKafka>,
    public_url: Option<String>,
    payloads: Arc<dyn PayloadStore>,
    secrets: Secrets,
    producers: Producers,
}

impl KafkaConnector {
    pub(crate) fn new(
        config: &ConnectorsConfig,
        egress: Arc<Egress>,
        payloads: Arc<dyn PayloadStore>,
        secrets: Secrets,
    ) -> Self {
        Self {
            own: config.kafka.clone(),
            public_url: config.public_url.clone(),
            payloads,
            secrets,
            producers: Producers::new(Arc::clone(egress.gate())),
        }
    }

    pub(crate) async fn deliver(
        &self,
        consigned: &Consigned,
        topic: &str,
        brokers: Option<&str>,
        options: &KafkaOptions,
    ) -> Result<Answer, Answer> {
        let producer = match (brokers, &self.own) {
            (Some(brokers), _) => {
                let security = self.security(consigned, options).await?;
                self.producers.foreign(&Brokers { bootstrap: brokers, properties: &security }, topic).await?
            }
            (None, Some(own)) if !own.topic_prefix.is_empty() && topic.starts_with(&own.topic_prefix) => {
                return Err(forbidden(format!("topic `{topic}` belongs to the installation")));
            }
            (None, Some(own)) => {
                self.producers.own(&Brokers { bootstrap: &own.brokers, properties: &own.properties })?
            }
            (None, None) => {
                return Err(refused("the destination names no Kafka brokers and the installation offers none"));
            }
        };
        let small = consigned.payload.size <= LARGEST_INLINE;
        let inline = match options.payload {
            KafkaPayload::Auto => small,
            KafkaPayload::Pointer => false,
            KafkaPayload::Inline if small => true,
            KafkaPayload::Inline => {
                let why =
                    "the payload is larger than the 512 KiB that a record may hold; let the destination take pointers";
                return Err(Answer::refused(Cause::Refused, why));
            }
        };
        let value = if inline {
            self.bytes(&consigned.payload).await?
        } else {
            record::pointer(consigned, self.public_url.as_deref())
        };
        let key = fill(options.key.as_deref().unwrap_or("{transfer}"), consigned);
        let headers = record::headers(consigned, inline, options);
        let record = FutureRecord::to(topic).key(&key).payload(&value).headers(headers);
        match producer.sending.send(record, QUEUE).await {
            Ok(place) => Ok(Answer::Taken { receipt: format!("{topic}-{}-{}", place.partition, place.offset) }),
            Err((error, _)) => Err(producer.heard.refusal().unwrap_or_else(|| {
                // What broke the producer tells more than that it is broken.
                match producer.broken() {
                    Some((code, why)) => explain(topic, Some(code), &why),
                    None => explain(topic, error.rdkafka_error_code(), &error.to_string()),
                }
            })),
        }
    }

    /// How the destination's brokers are spoken to, with its secrets filled in.
    async fn security(
        &self,
        consigned: &Consigned,
        options: &KafkaOptions,
    ) -> Result<BTreeMap<String, String>, Answer> {
        let partner = consigned.destination.partner;
        let text = async |name: &Option<String>| match name {
            Some(name) => self.secrets.text(partner, name).await.map(Some),
            None => Ok(None),
        };
        let mut security = BrokerSecurity::default();
        if let Some(tls) = &options.tls {
            let (authorities, client) = (text(&tls.ca_secret).await?, text(&tls.client_secret).await?);
            security.tls = Some(BrokerTls { authorities, client });
        }
        if let Some(sasl) = &options.sasl {
            let password = self.secrets.text(partner, &sasl.password_secret).await?;
            security.login = Some(BrokerLogin { mechanism: sasl.mechanism, user: sasl.user.clone(), password });
        }
        security.properties().map_err(refused)
    }

    async fn bytes(&self, payload: &Payload) -> Result<Vec<u8>, Answer> {
        let unread = |error: lockgate_core::ports::PayloadError| ours(error.to_string());
        let mut stream = self.payloads.read(payload, 0..payload.size).await.map_err(unread)?;
        let mut bytes = vec![];
        while let Some(next) = stream.next().await {
            bytes.extend_from_slice(&next.map_err(unread)?);
        }
        Ok(bytes)
    }
}

fn explain(topic: &str, code: Option<RDKafkaErrorCode>, why: &str) -> Answer {
    let text = format!("Kafka did not take the record for topic `{topic}`: {why}");
    match code {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed,
        ) => Answer::refused(Cause::Unauthorized, text),
        Some(RDKafkaErrorCode::InvalidTopic | RDKafkaErrorCode::MessageSizeTooLarge) => {
            Answer::refused(Cause::Refused, text)
        }
        _ => failed(text),
    }
}

impl fmt::Debug for KafkaConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaConnector").field("own", &self.own).finish_non_exhaustive()
    }
}
