//! What every test needs: connectors that may reach loopback, a payload, a delivery of it.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use lockgate_connectors::egress::{Names, Network};
use lockgate_connectors::{Connectors, ConnectorsConfig, EgressConfig};
use lockgate_core::delivery::{Answer, Delivery, DeliveryState};
use lockgate_core::destination::{Destination, DestinationSettings, DestinationStatus, Endpoint};
use lockgate_core::digest::Digest;
use lockgate_core::id::{ConsignmentId, DeliveryId, DestinationId, PartnerId, PayloadId, TransferId};
use lockgate_core::payload::{ObjectFormat, Payload};
use lockgate_core::ports::{Connector as _, Consigned};
use lockgate_core::trace::TraceContext;
use lockgate_testkit::memory::MemoryPassages;
use time::OffsetDateTime;

use crate::memory::{Payloads, Secrets};

pub(crate) const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Resolves every name to the same addresses.
#[derive(Debug)]
pub(crate) struct FixedNames(pub(crate) Vec<IpAddr>);

#[async_trait]
impl Names for FixedNames {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

pub(crate) struct World {
    pub(crate) connectors: Connectors,
    pub(crate) payloads: Arc<Payloads>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) passages: Arc<MemoryPassages>,
}

/// Loopback is allowed, and nobody is waited for long.
pub(crate) fn config() -> ConnectorsConfig {
    let idle = Duration::from_millis(500);
    let egress = EgressConfig { allow: vec!["127.0.0.0/8".to_owned()], idle, ..EgressConfig::default() };
    ConnectorsConfig { egress, ..ConnectorsConfig::default() }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(&config())
    }

    pub(crate) fn with(config: &ConnectorsConfig) -> Self {
        Self::resolving(config, vec!["127.0.0.1".parse().unwrap()])
    }

    pub(crate) fn resolving(config: &ConnectorsConfig, addresses: Vec<IpAddr>) -> Self {
        let payloads = Arc::new(Payloads::default());
        let secrets = Arc::new(Secrets::default());
        let passages = Arc::new(MemoryPassages::default());
        secrets.0.lock().unwrap().insert("signing".to_owned(), SECRET.to_owned());
        let network = Network { names: Arc::new(FixedNames(addresses)), ..Network::default() };
        let connectors =
            Connectors::over(config, payloads.clone(), passages.clone(), secrets.clone(), network).unwrap();
        Self { connectors, payloads, secrets, passages }
    }

    /// Another host: its own connectors over the same payloads, secrets and passages.
    pub(crate) fn another(&self) -> Self {
        let (payloads, secrets, passages) = (self.payloads.clone(), self.secrets.clone(), self.passages.clone());
        let network = Network { names: Arc::new(FixedNames(vec!["127.0.0.1".parse().unwrap()])), ..Network::default() };
        let egress = EgressConfig { idle: Duration::from_secs(30), ..config().egress };
        let config = ConnectorsConfig { egress, ..config() };
        let connectors =
            Connectors::over(&config, payloads.clone(), passages.clone(), secrets.clone(), network).unwrap();
        Self { connectors, payloads, secrets, passages }
    }

    pub(crate) fn consigned(&self, endpoint: Endpoint, bytes: impl Into<Bytes>) -> Consigned {
        let at = OffsetDateTime::now_utc();
        let bytes = bytes.into();
        let id = PayloadId::generate(at);
        let payload = Payload {
            id,
            key: format!("payloads/{id}/1"),
            media_type: "text/csv".to_owned(),
            size: bytes.len() as u64,
            digest: Digest::of(&bytes),
            format: ObjectFormat::Plain1,
        };
        self.payloads.objects.lock().unwrap().insert(payload.key.clone(), bytes);
        let (partner, destination, transfer) =
            (PartnerId::generate(at), DestinationId::generate(at), TransferId::generate(at));
        let trace = TraceContext(Some(TRACE.to_owned()));
        let delivery = Delivery {
            id: DeliveryId::generate(at),
            version: 1,
            state: DeliveryState::Scheduled,
            consignment: ConsignmentId::generate(at),
            transfer,
            receiver: partner,
            destination,
            position: None,
            due_at: at,
            attempts: 0,
            last_error: None,
            cause: None,
            waits: None,
            generation: 1,
            released: None,
            judges: false,
            redrive: None,
            replay_of: None,
            adoptions: 0,
            trace: trace.clone(),
            created_at: at,
            updated_at: at,
        };
        let destination = Destination {
            id: destination,
            partner,
            name: "inbox".to_owned(),
            endpoint,
            ordered: false,
            status: DestinationStatus::Active,
            disabled: None,
            settings: DestinationSettings::default(),
            created_at: at,
        };
        let (sender, file_name) = ("acme".to_owned(), "Rechnung ü 8.csv".to_owned());
        Consigned { delivery, destination, payload, transfer, sender, file_name, at, trace }
    }

    pub(crate) async fn deliver(&self, endpoint: Endpoint, bytes: impl Into<Bytes>) -> Answer {
        self.connectors.deliver(&self.consigned(endpoint, bytes)).await.answer
    }
}

pub(crate) fn plain(url: impl Into<String>) -> Endpoint {
    Endpoint::Http {
        url: url.into(),
        signing_secret: None,
        bearer_secret: None,
        options: lockgate_core::destination::HttpOptions::default(),
    }
}

pub(crate) fn is_failed(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed { .. })
}

pub(crate) fn is_refused(answer: &Answer) -> bool {
    matches!(answer, Answer::Refused { disable: false, .. })
}
