//! The settings of a host: read once, checked before anything opens, the same for every command.

mod docs;
mod load;
mod secret;
mod validate;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lockgate_api::PersistedMode;
use lockgate_core::destination::KafkaMechanism;
use lockgate_core::quota::Quota;
use lockgate_core::rate::RateLimit;
use lockgate_core::retry::RetrySchedule;
use serde::{Deserialize, Serialize};

pub(crate) use docs::markdown;
pub(crate) use load::{Sources, load};
pub(crate) use secret::Secret;

/// All settings; `lockgate.default.toml` explains each.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) environment: Environment,
    pub(crate) data_dir: PathBuf,
    pub(crate) http: Http,
    pub(crate) limits: Limits,
    pub(crate) admin: Admin,
    pub(crate) database: Database,
    pub(crate) secrets: Secrets,
    pub(crate) kafka: Kafka,
    pub(crate) s3: S3,
    pub(crate) graphql: Graphql,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) identity: Identity,
    pub(crate) workers: Workers,
    pub(crate) uploads: Uploads,
    pub(crate) holds: Holds,
    pub(crate) retries: Retries,
    pub(crate) sandbox: Sandbox,
    pub(crate) connectors: Connectors,
    pub(crate) telemetry: Telemetry,
}

/// What the installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Environment {
    Production,
    Development,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: String,
    pub(crate) tls_certificate: PathBuf,
    pub(crate) tls_key: PathBuf,
    #[serde(with = "millis", rename = "handshake_timeout_ms")]
    pub(crate) handshake_timeout: Duration,
    #[serde(with = "millis", rename = "header_timeout_ms")]
    pub(crate) header_timeout: Duration,
    #[serde(with = "millis", rename = "idle_timeout_ms")]
    pub(crate) idle_timeout: Duration,
    #[serde(with = "millis", rename = "write_timeout_ms")]
    pub(crate) write_timeout: Duration,
    #[serde(with = "millis", rename = "body_window_ms")]
    pub(crate) body_window: Duration,
    pub(crate) body_bytes_per_second: u64,
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_address: usize,
    pub(crate) max_header_bytes: u32,
    pub(crate) max_streams: u32,
    pub(crate) max_resets_per_minute: usize,
    #[serde(with = "millis", rename = "ping_ms")]
    pub(crate) ping: Duration,
    pub(crate) graphql_body_bytes: usize,
    pub(crate) trusted_proxies: Vec<String>,
    #[serde(with = "millis", rename = "drain_ms")]
    pub(crate) drain: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limits {
    pub(crate) requests_per_minute: u32,
    pub(crate) bad_tokens_per_minute: u32,
    pub(crate) transfers_per_day: u64,
    pub(crate) bytes_per_day: u64,
    pub(crate) stored_bytes: u64,
}

impl Limits {
    /// How often a user may ask.
    pub(crate) const fn requests(&self) -> RateLimit {
        RateLimit { requests: self.requests_per_minute, window: Duration::from_secs(60) }
    }

    /// What a partner may hand in.
    pub(crate) fn quota(&self) -> Quota {
        let limited = |most: u64| (most > 0).then_some(most);
        Quota {
            transfers_per_day: limited(self.transfers_per_day),
            bytes_per_day: limited(self.bytes_per_day),
            stored_bytes: limited(self.stored_bytes),
        }
    }

    /// How many tokens of an address may be bad.
    pub(crate) const fn bad_tokens(&self) -> RateLimit {
        RateLimit { requests: self.bad_tokens_per_minute, window: Duration::from_secs(60) }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    pub(crate) listen: SocketAddr,
    #[serde(with = "millis", rename = "check_timeout_ms")]
    pub(crate) check_timeout: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) url: Secret,
    pub(crate) worker_connections: u32,
    pub(crate) intake_connections: u32,
    pub(crate) api_connections: u32,
    #[serde(with = "millis", rename = "acquire_timeout_ms")]
    pub(crate) acquire_timeout: Duration,
    #[serde(with = "millis", rename = "statement_timeout_ms")]
    pub(crate) statement_timeout: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Secrets {
    pub(crate) key: Secret,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kafka {
    pub(crate) brokers: String,
    pub(crate) prefix: String,
    pub(crate) partitions: i32,
    pub(crate) replication: i32,
    pub(crate) batch: usize,
    #[serde(with = "millis", rename = "publish_timeout_ms")]
    pub(crate) publish_timeout: Duration,
    pub(crate) security: KafkaSecurity,
    pub(crate) mechanism: KafkaMechanism,
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) tls_authorities: PathBuf,
    pub(crate) tls_certificate: PathBuf,
    pub(crate) tls_key: PathBuf,
    pub(crate) properties: BTreeMap<String, Secret>,
}

/// How the brokers are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KafkaSecurity {
    Plaintext,
    Tls,
    SaslPlaintext,
    SaslTls,
}

impl KafkaSecurity {
    /// Whether TLS is spoken.
    pub(crate) const fn tls(self) -> bool {
        matches!(self, Self::Tls | Self::SaslTls)
    }

    /// Whether there is a login.
    pub(crate) const fn sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslTls)
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct S3 {
    pub(crate) endpoint: String,
    pub(crate) region: String,
    pub(crate) bucket: String,
    pub(crate) access_key: Secret,
    pub(crate) secret_key: Secret,
    pub(crate) path_style: bool,
    pub(crate) create_bucket: bool,
    #[serde(with = "millis", rename = "patience_ms")]
    pub(crate) patience: Duration,
    pub(crate) buffer_bytes: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Graphql {
    pub(crate) max_cost: usize,
    pub(crate) introspection: Vec<RoleName>,
    pub(crate) persisted_dir: PathBuf,
    pub(crate) persisted: Persisted,
}

/// A role, by its name alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RoleName {
    Partner,
    Integrator,
    Operator,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Persisted {
    pub(crate) partner: PersistedMode,
    pub(crate) integrator: PersistedMode,
    pub(crate) operator: PersistedMode,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscriptions {
    pub(crate) max_connections: usize,
    pub(crate) max_connections_per_viewer: usize,
    pub(crate) max_per_connection: usize,
    #[serde(with = "millis", rename = "init_timeout_ms")]
    pub(crate) init_timeout: Duration,
    #[serde(with = "millis", rename = "ping_ms")]
    pub(crate) ping: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    pub(crate) mode: IdentityMode,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) jwks_url: String,
    pub(crate) leeway_seconds: u64,
}

/// Whose tokens are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum IdentityMode {
    Jwks,
    Development,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workers {
    pub(crate) judgements: usize,
    pub(crate) deliveries: usize,
    pub(crate) messages: usize,
    pub(crate) queued: usize,
    #[serde(with = "millis", rename = "alive_ms")]
    pub(crate) alive: Duration,
    #[serde(with = "millis", rename = "adopt_ms")]
    pub(crate) adopt: Duration,
    #[serde(with = "millis", rename = "overdue_ms")]
    pub(crate) overdue: Duration,
    #[serde(with = "millis", rename = "housekeeping_ms")]
    pub(crate) housekeeping: Duration,
    #[serde(with = "millis", rename = "drain_ms")]
    pub(crate) drain: Duration,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Uploads {
    pub(crate) max_bytes: u64,
    pub(crate) expire_after_seconds: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Holds {
    pub(crate) expire_after_seconds: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retries {
    deliveries_seconds: Vec<u64>,
    notifications_seconds: Vec<u64>,
    channel_patience_seconds: u64,
}

impl Retries {
    /// For how long a channel may take nothing before it is turned off.
    pub(crate) const fn channel_patience(&self) -> Duration {
        Duration::from_secs(self.channel_patience_seconds)
    }

    /// The pauses between attempts of a delivery.
    pub(crate) fn deliveries(&self) -> RetrySchedule {
        RetrySchedule::of_seconds(self.deliveries_seconds.clone())
    }

    /// The pauses between attempts of a notification's message.
    pub(crate) fn notifications(&self) -> RetrySchedule {
        RetrySchedule::of_seconds(self.notifications_seconds.clone())
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sandbox {
    pub(crate) threads: usize,
    pub(crate) instances: u32,
    pub(crate) components: usize,
    pub(crate) max_component_bytes: usize,
    pub(crate) compile_timeout_seconds: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Connectors {
    #[serde(with = "millis", rename = "connect_timeout_ms")]
    pub(crate) connect_timeout: Duration,
    #[serde(with = "millis", rename = "idle_timeout_ms")]
    pub(crate) idle_timeout: Duration,
    #[serde(rename = "slowest_bytes_per_second")]
    pub(crate) slowest: u64,
    pub(crate) allow: Vec<String>,
    pub(crate) ports: Vec<u16>,
    pub(crate) allow_private_addresses: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Telemetry {
    pub(crate) log: String,
    pub(crate) format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    Json,
    Pretty,
}

impl Config {
    /// The URL under which clients reach the API, `bound` being where it really listens.
    pub(crate) fn public_url(&self, bound: SocketAddr) -> String {
        let scheme = if self.http.tls_certificate.as_os_str().is_empty() { "http" } else { "https" };
        if self.http.public_url.is_empty() { format!("{scheme}://{bound}") } else { self.http.public_url.clone() }
    }
}

mod millis {
    //! Durations as whole milliseconds, with the unit in the key's name.

    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
