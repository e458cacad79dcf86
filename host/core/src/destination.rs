//! Destinations: the concrete endpoints of a receiver.

pub mod kafka_security;
pub mod options;

use serde::{Deserialize, Serialize};

use crate::id::{DestinationId, PartnerId};
use crate::retry::RetrySchedule;
use crate::time::Timestamp;

pub use kafka_security::{KafkaMechanism, KafkaSasl, KafkaTls};
pub use options::{HttpForm, HttpOptions, HttpTus, KafkaOptions, KafkaPayload, S3Encryption, S3Options};

/// An endpoint that deliveries go to.
#[derive(Debug, Clone, PartialEq)]
pub struct Destination {
    /// Its id.
    pub id: DestinationId,
    /// Whose it is.
    pub partner: PartnerId,
    /// Its name, unique within the partner.
    pub name: String,
    /// What it is and where.
    pub endpoint: Endpoint,
    /// Whether deliveries keep the order of their creation, one attempt at a time; a dead letter steps out of the line.
    pub ordered: bool,
    /// Whether deliveries are made.
    pub status: DestinationStatus,
    /// Why and since when they are not.
    pub disabled: Option<Disabled>,
    /// How it is treated.
    pub settings: DestinationSettings,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Whether a destination is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DestinationStatus {
    /// Used.
    Active,
    /// Not used; a person or a 410 turned it off.
    Disabled,
}

/// Why a destination is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disabled {
    /// In one sentence.
    pub reason: String,
    /// Since when.
    pub at: Timestamp,
}

/// How a destination is treated, by all hosts together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DestinationSettings {
    /// The pauses between attempts; the installation's when absent.
    pub retries_seconds: Option<RetrySchedule>,
    /// How many attempts may be under way at once.
    pub concurrent: u32,
    /// After how many failures in a row its breaker opens; 0 is never.
    pub breaker_failures: u32,
    /// For how long it is open the first time; each failed probe doubles it, up to a quarter of an hour.
    pub breaker_pause_seconds: u64,
}

impl Default for DestinationSettings {
    fn default() -> Self {
        Self { retries_seconds: None, concurrent: 8, breaker_failures: 5, breaker_pause_seconds: 30 }
    }
}

/// What a destination is. Credentials are named secrets of the partner, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Endpoint {
    /// A request to a URL with the payload as its body.
    Http {
        /// Where to.
        url: String,
        /// The secret that signs each request (Standard Webhooks headers over the digest), if any.
        #[serde(default)]
        signing_secret: Option<String>,
        /// The secret sent as bearer token, if any.
        #[serde(default)]
        bearer_secret: Option<String>,
        /// How it wants it.
        #[serde(default)]
        options: HttpOptions,
    },
    /// An object in a bucket, written only if no object has the key.
    S3 {
        /// The bucket.
        bucket: String,
        /// A template of what every key begins with; the delivery's key and file name follow.
        prefix: String,
        /// Endpoint URL; the installation's own S3 when absent.
        #[serde(default)]
        endpoint: Option<String>,
        /// The secret that holds `access-key:secret-key`; the installation's own when absent.
        #[serde(default)]
        credentials_secret: Option<String>,
        /// How it wants it.
        #[serde(default)]
        options: S3Options,
    },
    /// A record on a Kafka topic: the payload itself, or a pointer to fetch it.
    Kafka {
        /// The topic.
        topic: String,
        /// Bootstrap brokers; the installation's own when absent.
        #[serde(default)]
        brokers: Option<String>,
        /// How it wants it.
        #[serde(default)]
        options: KafkaOptions,
    },
}

impl Endpoint {
    /// `http`, `s3` or `kafka`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Http { .. } => "http",
            Self::S3 { .. } => "s3",
            Self::Kafka { .. } => "kafka",
        }
    }
}
