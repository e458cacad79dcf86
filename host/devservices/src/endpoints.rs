//! Where the services answer: what a program or a test needs in order to connect.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How to reach each service; a service that is not there has no entry.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Kafka's bootstrap servers, `host:port[,host:port]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka_brokers: Option<String>,
    /// The same Kafka behind TLS and logins, where it was started with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kafka_secured: Option<SecuredKafka>,
    /// Superuser URL of the maintenance database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postgres_url: Option<String>,
    /// S3 and its one access key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<S3Endpoint>,
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let postgres = self.postgres_url.as_deref().and_then(|url| url::Url::parse(url).ok());
        f.debug_struct("Endpoints")
            .field("kafka_brokers", &self.kafka_brokers)
            .field("postgres_host", &postgres.as_ref().and_then(url::Url::host_str))
            .field("postgres_port", &postgres.as_ref().and_then(url::Url::port))
            .field("s3", &self.s3)
            .finish_non_exhaustive()
    }
}

/// Kafka's listeners that want more than a connection, and what opens them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecuredKafka {
    /// Bootstrap servers that want a client's certificate.
    pub tls: String,
    /// Bootstrap servers that speak TLS and want a login.
    pub sasl_tls: String,
    /// Bootstrap servers that want a login in the clear.
    pub sasl: String,
    /// Who may log in, by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The authority of the brokers' certificate, as PEM.
    pub authority: String,
    /// A client's certificate and key, as PEM.
    pub client: String,
}

impl fmt::Debug for SecuredKafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls, sasl_tls, sasl, .. } = self;
        f.debug_struct("SecuredKafka")
            .field("tls", tls)
            .field("sasl_tls", sasl_tls)
            .field("sasl", sasl)
            .finish_non_exhaustive()
    }
}

/// An S3 service and the key that opens it. Buckets are addressed by path, not by host name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct S3Endpoint {
    /// Base URL, without bucket.
    pub endpoint: String,
    /// Region to sign for.
    pub region: String,
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
}

impl fmt::Debug for S3Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Endpoint")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// The same server, another database: `postgres://user:pw@host:port/<database>`.
pub(crate) fn with_database(postgres_url: &str, database: &str) -> Option<String> {
    let mut url = url::Url::parse(postgres_url).ok()?;
    url.set_path(database);
    Some(url.into())
}
