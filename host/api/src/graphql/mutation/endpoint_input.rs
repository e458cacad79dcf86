//! Endpoints as they are entered: one of http, s3 and kafka, with what each wants.

use async_graphql::{InputObject, OneofObject};
use lockgate_core::destination::{Endpoint, HttpOptions, HttpTus, KafkaOptions, S3Encryption, S3Options};

use crate::graphql::destination::{HttpForm, KafkaPayload};
use crate::graphql::kafka_security::{KafkaSaslInput, KafkaTlsInput};

/// What a destination is and where; exactly one of these.
#[derive(Debug, OneofObject)]
pub(super) enum EndpointInput {
    /// A request to a URL.
    Http(HttpEndpointInput),
    /// An object in a bucket.
    S3(S3EndpointInput),
    /// A record on a topic.
    Kafka(KafkaEndpointInput),
}

/// A request to a URL.
#[derive(Debug, InputObject)]
pub(super) struct HttpEndpointInput {
    /// Where to.
    url: String,
    /// The name of the partner's secret that signs each request.
    signing_secret: Option<String>,
    /// The name of the partner's secret that is sent as bearer token.
    bearer_secret: Option<String>,
    /// How the payload stands in the request; as its body if nothing is said.
    form: Option<HttpForm>,
    /// The name of the partner's secret with our certificate chain and private key as PEM, for mutual TLS.
    client_secret: Option<String>,
    /// The name of the partner's secret with its own certificate authorities as PEM; the public ones if nothing is said.
    ca_secret: Option<String>,
    /// Speaks tus 1.0, so that an attempt goes on where the one before broke off; one request if nothing is said.
    tus: Option<HttpTusInput>,
}

/// How a destination that speaks tus 1.0 wants it; its URL is where uploads are created.
#[derive(Debug, InputObject)]
pub(super) struct HttpTusInput {
    /// What stands in `Upload-Metadata` besides ours; values are templates.
    metadata: Option<Vec<PairInput>>,
}

/// An object in a bucket.
#[derive(Debug, InputObject)]
pub(super) struct S3EndpointInput {
    /// The bucket.
    bucket: String,
    /// A template of what every key begins with, such as `{sender}/{year}/{month}/`; nothing if nothing is said.
    prefix: Option<String>,
    /// The endpoint's URL; the installation's own S3 if nothing is said, for operators.
    url: Option<String>,
    /// The name of the partner's secret that holds `access-key:secret-key`.
    credentials_secret: Option<String>,
    /// Tags of each object, ten at most.
    tags: Option<Vec<PairInput>>,
    /// Whether the other side is asked to encrypt the object.
    encrypted: Option<bool>,
    /// With which key of its KMS; with keys that S3 manages if nothing is said.
    kms_key: Option<String>,
}

/// A record on a Kafka topic.
#[derive(Debug, InputObject)]
pub(super) struct KafkaEndpointInput {
    /// The topic.
    topic: String,
    /// Bootstrap brokers as `host:port`; the installation's own if nothing is said, for operators.
    brokers: Option<String>,
    /// What the record holds; the payload up to 512 KiB and a pointer beyond if nothing is said.
    payload: Option<KafkaPayload>,
    /// A template of the record's key, such as `{sender}`; the transfer's id if nothing is said.
    key: Option<String>,
    /// Headers besides ours; values are templates.
    headers: Option<Vec<PairInput>>,
    /// How TLS is spoken with its brokers; in the clear if nothing is said.
    tls: Option<KafkaTlsInput>,
    /// As whom we log in to its brokers; nobody if nothing is said.
    sasl: Option<KafkaSaslInput>,
}

/// A name and its value.
#[derive(Debug, InputObject)]
pub(super) struct PairInput {
    /// The name.
    name: String,
    /// The value.
    value: String,
}

fn pairs(of: Option<Vec<PairInput>>) -> std::collections::BTreeMap<String, String> {
    of.into_iter().flatten().map(|it| (it.name, it.value)).collect()
}

impl From<EndpointInput> for Endpoint {
    fn from(input: EndpointInput) -> Self {
        match input {
            EndpointInput::Http(it) => Self::Http {
                url: it.url,
                signing_secret: it.signing_secret,
                bearer_secret: it.bearer_secret,
                options: HttpOptions {
                    form: it.form.map(Into::into).unwrap_or_default(),
                    client_secret: it.client_secret,
                    ca_secret: it.ca_secret,
                    tus: it.tus.map(|tus| HttpTus { metadata: pairs(tus.metadata) }),
                },
            },
            EndpointInput::S3(it) => Self::S3 {
                bucket: it.bucket,
                prefix: it.prefix.unwrap_or_default(),
                endpoint: it.url,
                credentials_secret: it.credentials_secret,
                options: S3Options {
                    tags: pairs(it.tags),
                    encryption: match (it.kms_key, it.encrypted.unwrap_or(false)) {
                        (Some(key), _) => Some(S3Encryption::Kms { key }),
                        (None, true) => Some(S3Encryption::Aes256),
                        (None, false) => None,
                    },
                },
            },
            EndpointInput::Kafka(it) => Self::Kafka {
                topic: it.topic,
                brokers: it.brokers,
                options: KafkaOptions {
                    payload: it.payload.map(Into::into).unwrap_or_default(),
                    key: it.key,
                    headers: pairs(it.headers),
                    tls: it.tls.map(Into::into),
                    sasl: it.sasl.map(Into::into),
                },
            },
        }
    }
}
