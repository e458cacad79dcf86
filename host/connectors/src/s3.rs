//! Destination `s3`: one object per delivery, written only if nobody wrote it before.
//!
//! The key holds the delivery's id, the same over all attempts and redrives: an object that is there already and has
//! our digest is an earlier attempt's success.

use std::sync::Arc;

use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, S3Options};
use lockgate_core::id::PartnerId;
use lockgate_core::passage::{Passage, Place};
use lockgate_core::ports::{Consigned, Handover, PassageStore, PayloadStore};

use crate::answer::{failed, forbidden, ours, refused};
use crate::config::InstallationS3;
use crate::egress::Egress;
use crate::file_name::object_name;
use crate::secrets::Secrets;
use crate::template::fill;

mod clients;
mod failure;
mod guarded;
mod object;
mod parts;

use clients::{Access, Clients};
use failure::Failure;
use object::{Object, PART};
use parts::{Carried, Carrier};

#[derive(Debug)]
pub(crate) struct S3Connector {
    own: Option<InstallationS3>,
    egress: Arc<Egress>,
    payloads: Arc<dyn PayloadStore>,
    passages: Arc<dyn PassageStore>,
    secrets: Secrets,
    clients: Clients,
}

impl S3Connector {
    pub(crate) fn new(
        own: Option<InstallationS3>,
        egress: Arc<Egress>,
        payloads: Arc<dyn PayloadStore>,
        passages: Arc<dyn PassageStore>,
        secrets: Secrets,
    ) -> Self {
        let clients = Clients::new(Arc::clone(&egress));
        Self { own, egress, payloads, passages, secrets, clients }
    }

    pub(crate) async fn deliver(
        &self,
        consigned: &Consigned,
        to: Bucket<'_>,
        credentials: Option<&str>,
        options: &S3Options,
    ) -> Result<Handover, Answer> {
        let Bucket { name: bucket, prefix, endpoint } = to;
        if !is_bucket_name(bucket) {
            return Err(refused(format!("`{bucket}` is not a name of a bucket")));
        }
        let access = self.access(consigned.destination.partner, bucket, endpoint, credentials).await?;
        let object = Object {
            client: self.clients.of(&access)?,
            bucket: bucket.to_owned(),
            key: format!(
                "{}{}/{}",
                fill(prefix, consigned),
                consigned.delivery.key(),
                object_name(&consigned.file_name)
            ),
            options: options.clone(),
        };
        if consigned.delivery.attempts > 0
            && let Some(answer) = object.seen(&consigned.payload).await.map_err(Failure::into_answer)?
        {
            return Ok(answer.into());
        }
        let payload = &consigned.payload;
        let Carried { from, receipt } = match payload.size > PART as u64 {
            true => {
                let (payloads, passages) = (&*self.payloads, &*self.passages);
                Carrier { object: &object, consigned, payloads, passages }.carry().await
            }
            false => {
                let reading = self.payloads.read(payload, 0..payload.size).await;
                let bytes = reading.map_err(|error| ours(error.to_string()))?;
                Carried { from: None, receipt: object.write(consigned, bytes).await }
            }
        };
        let answer = match receipt {
            Err(Failure::Taken) => match object.present(payload).await {
                Ok(Some(answer)) => answer,
                Ok(None) => failed("the object was there and is gone again"),
                Err(Failure::Forbidden(what)) => {
                    let why =
                        format!("an object is in place, and whether it is ours the credentials may not ask: {what}");
                    Answer::refused(Cause::Unauthorized, why)
                }
                Err(failure) => failure.into_answer(),
            },
            Err(failure) => failure.into_answer(),
            Ok(receipt) => Answer::Taken { receipt },
        };
        Ok(Handover { answer, from_offset: from })
    }

    /// Removes an unfinished multipart upload.
    pub(crate) async fn abandon(&self, passage: &Passage) -> Result<Answer, Answer> {
        let (Endpoint::S3 { bucket, endpoint, credentials_secret, options, .. }, Place::Multipart { key, upload, .. }) =
            (&passage.endpoint, &passage.place)
        else {
            return Err(refused("the passage does not lead to S3"));
        };
        let credentials = credentials_secret.as_deref();
        let access = self.access(passage.receiver, bucket, endpoint.as_deref(), credentials).await?;
        let client = self.clients.of(&access)?;
        let object = Object { client, bucket: bucket.clone(), key: key.clone(), options: options.clone() };
        match object.abort(upload).await {
            Ok(()) | Err(Failure::Missing(_)) => Ok(Answer::Taken { receipt: upload.clone() }),
            Err(failure) => Err(failure.into_answer()),
        }
    }

    /// Where to and as whom. The installation's own key is never shown to an endpoint that a partner names.
    async fn access(
        &self,
        partner: PartnerId,
        bucket: &str,
        endpoint: Option<&str>,
        credentials: Option<&str>,
    ) -> Result<Access, Answer> {
        let keys = match credentials {
            Some(name) => {
                let secret = self.secrets.text(partner, name).await?;
                let keys = secret.split_once(':').map(|(access, secret)| (access.to_owned(), secret.to_owned()));
                Some(keys.ok_or_else(|| refused(format!("secret `{name}` has not the form `access-key:secret-key`")))?)
            }
            None => None,
        };
        match (endpoint, &self.own, keys) {
            (Some(endpoint), _, Some((access_key, secret_key))) => {
                let url = self.egress.url(endpoint)?;
                let region = region_of(url.host_str().unwrap_or_default());
                Ok(Access { endpoint: url.to_string(), region, access_key, secret_key, guarded: true })
            }
            (Some(_), _, None) => Err(refused("a destination with its own S3 endpoint needs `credentials_secret`")),
            (None, Some(own), _) if own.payload_bucket == bucket => {
                Err(forbidden("this bucket belongs to the installation"))
            }
            (None, Some(own), keys) => {
                let (access_key, secret_key) = keys.unwrap_or_else(|| (own.access_key.clone(), own.secret_key.clone()));
                let (endpoint, region) = (own.endpoint.clone(), own.region.clone());
                Ok(Access { endpoint, region, access_key, secret_key, guarded: false })
            }
            (None, None, _) => Err(refused("the destination names no S3 endpoint and the installation offers none")),
        }
    }
}

/// Where the objects go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket<'a> {
    pub(crate) name: &'a str,
    /// A template of what every key begins with.
    pub(crate) prefix: &'a str,
    pub(crate) endpoint: Option<&'a str>,
}

fn is_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.contains("..")
}

/// AWS names the region in the host; others take any.
fn region_of(host: &str) -> String {
    let region = host.strip_suffix(".amazonaws.com").and_then(|rest| rest.rsplit_once("s3.")).map(|(_, region)| region);
    region.filter(|region| !region.is_empty()).unwrap_or("us-east-1").to_owned()
}

#[cfg(test)]
mod tests;
