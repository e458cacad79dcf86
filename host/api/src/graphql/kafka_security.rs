//! How a destination's Kafka brokers are spoken to, as it is read and as it is entered.

use async_graphql::{Enum, InputObject, SimpleObject};
use lockgate_core::destination as core;

/// TLS with a destination's brokers.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct KafkaTls {
    /// The name of the secret with the brokers' own certificate authorities; the public ones when absent.
    ca_secret: Option<String>,
    /// The name of the secret with our certificate chain and private key, for mutual TLS.
    client_secret: Option<String>,
}

/// A login at a destination's brokers.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct KafkaSasl {
    /// How the password is proved.
    mechanism: KafkaMechanism,
    /// As whom.
    user: String,
    /// The name of the secret that holds the password.
    password_secret: String,
}

/// How a password is proved to a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::KafkaMechanism")]
pub(super) enum KafkaMechanism {
    /// By showing it; the broker, and without TLS everybody on the way, reads it.
    Plain,
    /// By a challenge over SHA-256.
    #[graphql(name = "SCRAM_SHA_256")]
    ScramSha256,
    /// By a challenge over SHA-512.
    #[graphql(name = "SCRAM_SHA_512")]
    ScramSha512,
}

/// TLS with a destination's brokers; with nothing in it the public authorities are believed.
#[derive(Debug, InputObject)]
pub(super) struct KafkaTlsInput {
    /// The name of the partner's secret with the brokers' own certificate authorities as PEM.
    ca_secret: Option<String>,
    /// The name of the partner's secret with our certificate chain and private key as PEM, for mutual TLS.
    client_secret: Option<String>,
}

/// A login at a destination's brokers.
#[derive(Debug, InputObject)]
pub(super) struct KafkaSaslInput {
    /// How the password is proved.
    mechanism: KafkaMechanism,
    /// As whom.
    user: String,
    /// The name of the partner's secret that holds the password.
    password_secret: String,
}

impl From<core::KafkaTls> for KafkaTls {
    fn from(core::KafkaTls { ca_secret, client_secret }: core::KafkaTls) -> Self {
        Self { ca_secret, client_secret }
    }
}

impl From<core::KafkaSasl> for KafkaSasl {
    fn from(core::KafkaSasl { mechanism, user, password_secret }: core::KafkaSasl) -> Self {
        Self { mechanism: mechanism.into(), user, password_secret }
    }
}

impl From<KafkaTlsInput> for core::KafkaTls {
    fn from(KafkaTlsInput { ca_secret, client_secret }: KafkaTlsInput) -> Self {
        Self { ca_secret, client_secret }
    }
}

impl From<KafkaSaslInput> for core::KafkaSasl {
    fn from(KafkaSaslInput { mechanism, user, password_secret }: KafkaSaslInput) -> Self {
        Self { mechanism: mechanism.into(), user, password_secret }
    }
}
