//! Destinations in GraphQL: where they are, and the names of their secrets, never the values.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use lockgate_core::destination as core;
use lockgate_core::time::Timestamp;

use super::asking::asking;
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

    /// Whether deliveries keep the order of their creation.
    async fn ordered(&self) -> bool {
        self.0.ordered
    }

    /// Whether deliveries are made.
    async fn status(&self) -> DestinationStatus {
        self.0.status.into()
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
}

/// An object in a bucket, written only if no object has the key.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct S3Endpoint {
    /// The bucket.
    bucket: String,
    /// What every key begins with.
    prefix: String,
    /// The endpoint's URL; the installation's own S3 when absent.
    url: Option<String>,
    /// The name of the secret that holds the credentials; the installation's own when absent.
    credentials_secret: Option<String>,
}

/// A record on a Kafka topic: the payload itself when small, otherwise a pointer to fetch it.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct KafkaEndpoint {
    /// The topic.
    topic: String,
    /// Bootstrap brokers; the installation's own when absent.
    brokers: Option<String>,
}

impl From<core::Endpoint> for Endpoint {
    fn from(endpoint: core::Endpoint) -> Self {
        match endpoint {
            core::Endpoint::Http { url, signing_secret, bearer_secret } => {
                Self::Http(HttpEndpoint { url, signing_secret, bearer_secret })
            }
            core::Endpoint::S3 { bucket, prefix, endpoint: url, credentials_secret } => {
                Self::S3(S3Endpoint { bucket, prefix, url, credentials_secret })
            }
            core::Endpoint::Kafka { topic, brokers } => Self::Kafka(KafkaEndpoint { topic, brokers }),
        }
    }
}
