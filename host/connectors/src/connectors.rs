//! All connectors behind the ports of core: which one speaks is read off the endpoint.

use std::sync::Arc;

use async_trait::async_trait;
use lockgate_core::delivery::Answer;
use lockgate_core::destination::Endpoint;
use lockgate_core::notification::ChannelKind;
use lockgate_core::passage::{Passage, Place};
use lockgate_core::ports::{
    Connector, Consigned, Handover, Messenger, Notice, PassageStore, PayloadStore, SecretBytes, Signing, Unfit, Vault,
};

use crate::config::ConnectorsConfig;
use crate::egress::{Egress, InvalidEntry, Network};
use crate::http::{HttpConnector, Named};
use crate::kafka::KafkaConnector;
use crate::s3::{Bucket, S3Connector};
use crate::secrets::{Secrets, keys};
use crate::webhook::{Secret, WebhookMessenger};

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// An entry of the allow-list.
    #[error(transparent)]
    Allow(#[from] InvalidEntry),
    /// TLS cannot be set up.
    #[error("outgoing TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// Speaks to every kind of destination and channel.
#[derive(Debug)]
pub struct Connectors {
    http: HttpConnector,
    s3: S3Connector,
    kafka: KafkaConnector,
    webhook: WebhookMessenger,
}

impl Connectors {
    /// Sets the connectors up; nothing is reached yet.
    ///
    /// # Errors
    ///
    /// When the allow-list holds something that is neither a host name nor a network, or TLS cannot be set up.
    pub fn new(
        config: &ConnectorsConfig,
        payloads: Arc<dyn PayloadStore>,
        passages: Arc<dyn PassageStore>,
        vault: Arc<dyn Vault>,
    ) -> Result<Self, SetupError> {
        Self::over(config, payloads, passages, vault, Network::default())
    }

    /// The same over another network.
    ///
    /// # Errors
    ///
    /// As [`Connectors::new`].
    pub fn over(
        config: &ConnectorsConfig,
        payloads: Arc<dyn PayloadStore>,
        passages: Arc<dyn PassageStore>,
        vault: Arc<dyn Vault>,
        network: Network,
    ) -> Result<Self, SetupError> {
        let egress = Arc::new(Egress::new(&config.egress, network)?);
        let secrets = Secrets::new(vault);
        Ok(Self {
            http: HttpConnector::new(
                Arc::clone(&egress),
                Arc::clone(&payloads),
                Arc::clone(&passages),
                secrets.clone(),
            ),
            s3: S3Connector::new(
                config.s3.clone(),
                Arc::clone(&egress),
                Arc::clone(&payloads),
                passages,
                secrets.clone(),
            ),
            kafka: KafkaConnector::new(config, Arc::clone(&egress), payloads, secrets.clone()),
            webhook: WebhookMessenger::new(egress, secrets, config.public_url.clone()),
        })
    }
}

#[async_trait]
impl Connector for Connectors {
    async fn deliver(&self, consigned: &Consigned) -> Handover {
        let handover = match &consigned.destination.endpoint {
            Endpoint::Http { url, signing_secret, bearer_secret, options } => {
                let secrets = Named { signing: signing_secret.as_deref(), bearer: bearer_secret.as_deref() };
                self.http.deliver(consigned, url, secrets, options).await
            }
            Endpoint::S3 { bucket, prefix, endpoint, credentials_secret, options } => {
                let to = Bucket { name: bucket, prefix, endpoint: endpoint.as_deref() };
                self.s3.deliver(consigned, to, credentials_secret.as_deref(), options).await
            }
            Endpoint::Kafka { topic, brokers, options } => {
                self.kafka.deliver(consigned, topic, brokers.as_deref(), options).await.map(Handover::from)
            }
        };
        handover.unwrap_or_else(Handover::from)
    }

    async fn abandon(&self, passage: &Passage) -> Answer {
        let answer = match &passage.place {
            Place::Multipart { .. } => self.s3.abandon(passage).await,
            Place::Tus { .. } => self.http.abandon(passage).await,
        };
        answer.unwrap_or_else(|answer| answer)
    }
}

impl Signing for Connectors {
    fn check(&self, secret: &SecretBytes) -> Result<(), Unfit> {
        let meant = Secret::is_meant(secret.expose());
        keys(secret).map(drop).map_err(|why| Unfit { why, meant })
    }
}

#[async_trait]
impl Messenger for Connectors {
    async fn send(&self, notice: &Notice) -> Answer {
        match &notice.channel.kind {
            ChannelKind::Webhook { url, signing_secret } => {
                self.webhook.send(notice, url, signing_secret).await.unwrap_or_else(|answer| answer)
            }
        }
    }
}
