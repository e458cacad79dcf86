//! How a partner's Kafka brokers are spoken to: in the clear or by TLS, with or without a login. Each of the two is there
//! whole or not at all, so the four protocols that Kafka knows are all that can be said.

use serde::{Deserialize, Serialize};

/// TLS with a destination's brokers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaTls {
    /// The secret that holds the brokers' own certificate authorities as PEM, in place of the public ones.
    pub ca_secret: Option<String>,
    /// The secret that holds our certificate chain and private key as PEM, for mutual TLS.
    pub client_secret: Option<String>,
}

/// A login at a destination's brokers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaSasl {
    /// How the password is proved.
    pub mechanism: KafkaMechanism,
    /// As whom.
    pub user: String,
    /// The secret that holds the password.
    pub password_secret: String,
}

/// How a password is proved to a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KafkaMechanism {
    /// By showing it; the broker, and without TLS everybody on the way, reads it.
    Plain,
    /// By a challenge over SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// By a challenge over SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
}
