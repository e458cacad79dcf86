//! Destinations in GraphQL: where they are, and the names of their secrets, never the values.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use lockgate_core::destination as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
use super::breaker::Breaker;
use super::kafka_security::{KafkaSasl, KafkaTls};
use super::loads::BreakerOf;
use super::partner::Partner;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Destination(pub(super) core::Destination);

/// A concrete endpoint of a receiver.
#[Object]
impl Destination {
    /// Its id, `dst_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Whose it is.
    async fn partner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        Ok(asking(ctx).one(self.0.partner).await?.map(Partner))
    }

    /// Its name, unique within the partner; routes may choose it by this name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is: `http`, `s3` or `kafka`.
    async fn kind(&self) -> &'static str {
        self.0.endpoint.kind()
    }

    /// What it is and where.
    async fn endpoint(&self) -> Endpoint {
        self.0.endpoint.clone().into()
    }

    /// Whether deliveries keep the order of their creation, one attempt at a time. A dead letter steps out of the line and
    /// those behind it go on; sent again it stands at its old place, before all that have not left meanwhile.
    async fn ordered(&self) -> bool {
        self.0.ordered
    }

    /// Whether deliveries are made.
    async fn status(&self) -> DestinationStatus {
        self.0.status.into()
    }

    /// Why it is not used; nothing while it is.
    async fn disabled(&self) -> Option<DisabledDestination> {
        self.0.disabled.as_ref().map(|it| DisabledDestination { reason: it.reason.clone(), at: it.at })
    }

    /// How it is treated, by all hosts together.
    async fn settings(&self) -> DestinationSettings {
        DestinationSettings(self.0.settings.clone())
    }

    /// What keeps it from being hammered while it fails.
    async fn breaker(&self, ctx: &Context<'_>) -> Result<Breaker, Failure> {
        let found = asking(ctx).one(BreakerOf(self.0.id)).await?.unwrap_or_default();
        Ok(Breaker(found.into_iter().next().unwrap_or_default()))
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// Whether a destination is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::DestinationStatus")]
pub(super) enum DestinationStatus {
    /// Used.
    Active,
    /// Not used: a person turned it off, or it said that it is gone.
    Disabled,
}

/// Why a destination is not used.
#[derive(Debug, SimpleObject)]
struct DisabledDestination {
    /// In one sentence.
    reason: String,
    /// Since when.
    at: Timestamp,
}

#[derive(Debug, Clone)]
struct DestinationSettings(core::DestinationSettings);

/// How a destination is treated, by all hosts together.
#[Object]
impl DestinationSettings {
    /// The pauses between attempts, in seconds: its own or the installation's.
    async fn retries_seconds(&self, ctx: &Context<'_>) -> Vec<u32> {
        let pauses = self.0.retries_seconds.as_ref().unwrap_or(&asking(ctx).state.settings.retries).seconds();
        pauses.iter().map(|it| u32::try_from(*it).unwrap_or(u32::MAX)).collect()
    }

    /// How many attempts may be under way at once.
    async fn concurrent(&self) -> u32 {
        self.0.concurrent
    }

    /// After how many failures in a row its breaker opens; 0 is never.
    async fn breaker_failures(&self) -> u32 {
        self.0.breaker_failures
    }

    /// For how long it is open the first time; each failed probe doubles it, up to a quarter of an hour.
    async fn breaker_pause_seconds(&self) -> u32 {
        u32::try_from(self.0.breaker_pause_seconds).unwrap_or(u32::MAX)
    }
}

/// What a destination is and where.
#[derive(Debug, Clone, Union)]
pub(super) enum Endpoint {
    /// A request to a URL.
    Http(HttpEndpoint),
    /// An object in a bucket.
    S3(S3Endpoint),
    /// A record on a topic.
    Kafka(KafkaEndpoint),
}

/// A request to a URL with the payload as its body.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct HttpEndpoint {
    /// Where to.
    url: String,
    /// The name of the secret that signs each request, if any.
    signing_secret: Option<String>,
    /// The name of the secret that is sent as bearer token, if any.
    bearer_secret: Option<String>,
    /// How the payload stands in the request.
    form: HttpForm,
    /// The name of the secret with our certificate chain and private key, for mutual TLS.
    client_secret: Option<String>,
    /// The name of the secret with the receiver's own certificate authorities.
    ca_secret: Option<String>,
    /// How it wants tus 1.0; one request when absent.
    tus: Option<HttpTus>,
}

/// How a destination that speaks tus 1.0 wants it.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct HttpTus {
    /// What stands in `Upload-Metadata` besides ours; values are templates.
    metadata: Vec<Pair>,
}

/// How the payload stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::HttpForm")]
pub(super) enum HttpForm {
    /// As its body.
    Raw,
    /// As the part `file` of a multipart form, after the part `metadata`.
    Multipart,
    /// As the data of a CloudEvent in binary mode.
    CloudEvent,
}

/// A name and its value.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct Pair {
    /// The name.
    name: String,
    /// The value.
    value: String,
}

fn pairs(of: std::collections::BTreeMap<String, String>) -> Vec<Pair> {
    of.into_iter().map(|(name, value)| Pair { name, value }).collect()
}

/// An object in a bucket, written only if no object has the key.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct S3Endpoint {
    /// The bucket.
    bucket: String,
    /// A template of what every key begins with.
    prefix: String,
    /// The endpoint's URL; the installation's own S3 when absent.
    url: Option<String>,
    /// The name of the secret that holds the credentials; the installation's own when absent.
    credentials_secret: Option<String>,
    /// Tags of each object.
    tags: Vec<Pair>,
    /// Whether the other side is asked to encrypt the object.
    encrypted: bool,
    /// With which key of its KMS; with keys that S3 manages when absent.
    kms_key: Option<String>,
}

/// A record on a Kafka topic: the payload itself, or a pointer to fetch it.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct KafkaEndpoint {
    /// The topic.
    topic: String,
    /// Bootstrap brokers; the installation's own when absent.
    brokers: Option<String>,
    /// What the record holds.
    payload: KafkaPayload,
    /// A template of the record's key; the transfer's id when absent.
    key: Option<String>,
    /// Headers besides ours; values are templates.
    headers: Vec<Pair>,
    /// How TLS is spoken with its brokers; in the clear when absent.
    tls: Option<KafkaTls>,
    /// As whom we log in to its brokers.
    sasl: Option<KafkaSasl>,
}

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::KafkaPayload")]
pub(super) enum KafkaPayload {
    /// The payload up to 512 KiB, a pointer beyond.
    Auto,
    /// The payload; larger ones are refused.
    Inline,
    /// A pointer to fetch the payload, whatever its size.
    Pointer,
}

impl From<core::Endpoint> for Endpoint {
    fn from(endpoint: core::Endpoint) -> Self {
        match endpoint {
            core::Endpoint::Http { url, signing_secret, bearer_secret, options } => Self::Http(HttpEndpoint {
                url,
                signing_secret,
                bearer_secret,
                form: options.form.into(),
                client_secret: options.client_secret,
                ca_secret: options.ca_secret,
                tus: options.tus.map(|tus| HttpTus { metadata: pairs(tus.metadata) }),
            }),
            core::Endpoint::S3 { bucket, prefix, endpoint: url, credentials_secret, options } => {
                let (encrypted, kms_key) = match options.encryption {
                    None => (false, None),
                    Some(core::S3Encryption::Aes256) => (true, None),
                    Some(core::S3Encryption::Kms { key }) => (true, Some(key)),
                };
                let tags = pairs(options.tags);
                Self::S3(S3Endpoint { bucket, prefix, url, credentials_secret, tags, encrypted, kms_key })
            }
            core::Endpoint::Kafka { topic, brokers, options } => Self::Kafka(KafkaEndpoint {
                topic,
                brokers,
                payload: options.payload.into(),
                key: options.key,
                headers: pairs(options.headers),
                tls: options.tls.map(Into::into),
                sasl: options.sasl.map(Into::into),
            }),
        }
    }
}
