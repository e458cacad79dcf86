//! What connectors need to know of the installation.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Settings of all connectors.
#[derive(Debug, Clone, Default)]
pub struct ConnectorsConfig {
    /// What may be reached outside.
    pub egress: EgressConfig,
    /// The installation's own S3, for destinations that name no endpoint.
    pub s3: Option<InstallationS3>,
    /// The installation's own Kafka, for destinations that name no brokers.
    pub kafka: Option<InstallationKafka>,
    /// Public base URL of the API, where receivers fetch payloads too large for a Kafka record.
    pub public_url: Option<String>,
}

/// What may be reached outside, and for how long it is waited for.
#[derive(Debug, Clone)]
pub struct EgressConfig {
    /// Host names, addresses and networks (CIDR) that are reached although they are not public, on any port.
    pub allow: Vec<String>,
    /// Ports that may be reached besides those of allowed hosts and networks; empty means any.
    pub ports: Vec<u16>,
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long nothing may move: no byte taken, no answer.
    pub idle: Duration,
    /// Bytes a second below which a receiver is too slow to be waited for.
    pub slowest: u64,
}

impl Default for EgressConfig {
    fn default() -> Self {
        Self {
            allow: vec![],
            ports: vec![443, 80, 8443],
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            slowest: 64 * 1024,
        }
    }
}

/// The installation's own Kafka.
#[derive(Clone, Default)]
pub struct InstallationKafka {
    /// Bootstrap brokers, `host:port` separated by commas.
    pub brokers: String,
    /// Topics that begin so are the installation's own; no destination may write to them. Empty: none.
    pub topic_prefix: String,
    /// Further librdkafka settings: how the brokers are spoken to.
    pub properties: BTreeMap<String, String>,
}

impl fmt::Debug for InstallationKafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstallationKafka").field("brokers", &self.brokers).finish_non_exhaustive()
    }
}

/// The installation's own S3.
#[derive(Clone)]
pub struct InstallationS3 {
    /// Base URL, without bucket.
    pub endpoint: String,
    /// Region to sign for.
    pub region: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
    /// The payload store's bucket, which no destination may name.
    pub payload_bucket: String,
}

impl fmt::Debug for InstallationS3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstallationS3")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}
