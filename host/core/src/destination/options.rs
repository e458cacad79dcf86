//! What a destination wants besides an address: how the payload is wrapped, proved and named.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kafka_security::{KafkaSasl, KafkaTls};

/// How an `http` destination wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpOptions {
    /// How the payload stands in the request.
    pub form: HttpForm,
    /// The secret that holds our certificate chain and private key as PEM, for mutual TLS.
    pub client_secret: Option<String>,
    /// The secret that holds the receiver's own certificate authorities as PEM, in place of the public ones.
    pub ca_secret: Option<String>,
    /// Speaks tus 1.0, so that an attempt goes on where the one before broke off; one request when absent.
    pub tus: Option<HttpTus>,
}

/// How a destination that speaks tus wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpTus {
    /// What stands in `Upload-Metadata` besides ours; values are templates.
    pub metadata: BTreeMap<String, String>,
}

/// Names in `Upload-Metadata` that are ours.
pub const TUS_METADATA: [&str; 6] = ["filename", "filetype", "idempotency-key", "sha256", "transfer", "sender"];

/// How the payload stands in a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HttpForm {
    /// As its body.
    #[default]
    Raw,
    /// As the part `file` of a multipart form, after the part `metadata`.
    Multipart,
    /// As the data of a CloudEvent in binary mode.
    CloudEvent,
}

/// How an `s3` destination wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3Options {
    /// Tags of each object, ten at most.
    pub tags: BTreeMap<String, String>,
    /// How the other side encrypts the object.
    pub encryption: Option<S3Encryption>,
}

/// Server-side encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum S3Encryption {
    /// With keys that S3 manages.
    Aes256,
    /// With a key of the receiver's KMS.
    Kms {
        /// Its id or ARN.
        key: String,
    },
}

/// How a `kafka` destination wants it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaOptions {
    /// What the record holds.
    pub payload: KafkaPayload,
    /// A template for the record's key; the transfer's id when absent.
    pub key: Option<String>,
    /// Headers of each record besides ours; values are templates.
    pub headers: BTreeMap<String, String>,
    /// Speaks TLS with its brokers; in the clear when absent.
    pub tls: Option<KafkaTls>,
    /// Logs in to its brokers by SASL.
    pub sasl: Option<KafkaSasl>,
}

/// What a record holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KafkaPayload {
    /// The payload up to 512 KiB, a pointer beyond.
    #[default]
    Auto,
    /// The payload; larger ones are refused.
    Inline,
    /// A pointer to fetch the payload, whatever its size.
    Pointer,
}

/// What a template may name, in braces: the same over all attempts of a delivery, so that repeats meet at one place.
pub const PLACEHOLDERS: [&str; 9] =
    ["sender", "transfer", "consignment", "delivery", "file", "media-type", "year", "month", "day"];

/// The first thing in braces that a template may not name.
pub fn unknown_placeholder(template: &str) -> Option<&str> {
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        let inside = &rest[at + 1..];
        let Some(end) = inside.find('}') else { return Some(inside) };
        if !PLACEHOLDERS.contains(&&inside[..end]) {
            return Some(&inside[..end]);
        }
        rest = &inside[end + 1..];
    }
    rest.find('}').map(|at| &rest[at..])
}

#[cfg(test)]
mod tests;
