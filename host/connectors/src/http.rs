//! Destination `http`: one POST with the payload as its body, as a part of a form, or as a CloudEvent's data; or tus,
//! which goes on where an attempt broke off.
//!
//! A signed request carries Standard Webhooks headers. Eight gibibytes cannot be signed before they are sent, and need
//! not be: the digest is known, so what is signed is `{webhook-id}.{webhook-timestamp}.sha256={hex digest of the payload}`,
//! whatever form the payload goes in. A receiver hashes the payload while it comes and hands `sha256=<hex>` as content to any
//! Standard Webhooks library; `docs/destinations.md` shows how.

mod form;
mod tus;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, USER_AGENT};
use http::request::Builder;
use http::{HeaderValue, Request};
use lockgate_core::delivery::Answer;
use lockgate_core::destination::HttpOptions;
use lockgate_core::id::PartnerId;
use lockgate_core::ports::{Consigned, Handover, PassageStore, PayloadStore};
use time::OffsetDateTime;

use crate::answer::{of_status, ours, refused};
use crate::egress::{Client, Egress, Identity};
use crate::secrets::Secrets;
use crate::webhook::sign;

/// What we call ourselves.
pub(crate) const AGENT: &str = concat!("Lockgate/", env!("CARGO_PKG_VERSION"));

#[derive(Debug)]
pub(crate) struct HttpConnector {
    egress: Arc<Egress>,
    payloads: Arc<dyn PayloadStore>,
    passages: Arc<dyn PassageStore>,
    secrets: Secrets,
}

impl HttpConnector {
    pub(crate) fn new(
        egress: Arc<Egress>,
        payloads: Arc<dyn PayloadStore>,
        passages: Arc<dyn PassageStore>,
        secrets: Secrets,
    ) -> Self {
        Self { egress, payloads, passages, secrets }
    }

    pub(crate) async fn deliver(
        &self,
        consigned: &Consigned,
        url: &str,
        named: Named<'_>,
        options: &HttpOptions,
    ) -> Result<Handover, Answer> {
        let url = self.egress.url(url)?;
        if let Some(tus) = &options.tus {
            return self.carry(consigned, url, named, options, tus).await;
        }
        let request = described(Request::post(url.as_str()), consigned);
        let request = self.signed(request, consigned, named.signing).await?;
        let request = match self.bearer(consigned.destination.partner, named.bearer).await? {
            Some(bearer) => request.header(AUTHORIZATION, bearer),
            None => request,
        };
        let payload = &consigned.payload;
        let bytes = self.payloads.read(payload, 0..payload.size).await.map_err(|error| ours(error.to_string()))?;
        let (request, body) = form::wrap(options.form, request, consigned, bytes);
        let request = request.body(body).map_err(|error| refused(format!("no request can be made: {error}")))?;
        let client = self.client(consigned.destination.partner, options).await?;
        let reply = self.egress.send_as(&client, request).await?;
        Ok(of_status(reply.status, &reply.headers, OffsetDateTime::now_utc()).into())
    }

    /// The request with the digest signed, if the destination has a secret for it: by the one that it replaced too, for as
    /// long as that is good.
    async fn signed(&self, mut request: Builder, consigned: &Consigned, name: Option<&str>) -> Result<Builder, Answer> {
        let Some(name) = name else { return Ok(request) };
        let secrets = self.secrets.signing(consigned.destination.partner, name).await?;
        let id = consigned.delivery.key();
        let content = format!("sha256={}", consigned.payload.digest.hex());
        for (header, value) in sign(&secrets, &id, consigned.at, content.as_bytes()) {
            request = request.header(header, value);
        }
        Ok(request)
    }

    /// What stands in `Authorization`, if the destination has a token.
    async fn bearer(&self, partner: PartnerId, name: Option<&str>) -> Result<Option<HeaderValue>, Answer> {
        let Some(name) = name else { return Ok(None) };
        let token = self.secrets.text(partner, name).await?;
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        let mut value = value.map_err(|_| refused(format!("secret `{name}` does not fit in a header")))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    /// The client that shows and believes what the destination wants.
    async fn client(&self, partner: PartnerId, options: &HttpOptions) -> Result<Client, Answer> {
        let text = async |name: &Option<String>| match name {
            Some(name) => self.secrets.text(partner, name).await.map(Some),
            None => Ok(None),
        };
        let (shown, authorities) = (text(&options.client_secret).await?, text(&options.ca_secret).await?);
        self.egress.client(Identity { client: shown.as_deref(), authorities: authorities.as_deref() })
    }
}

/// The names of the secrets of a destination.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) signing: Option<&'a str>,
    pub(crate) bearer: Option<&'a str>,
}

/// What the receiver learns besides the bytes.
fn described(request: Builder, consigned: &Consigned) -> Builder {
    let Consigned { delivery, payload, transfer, sender, trace, .. } = consigned;
    let digest = STANDARD.encode(payload.digest.0);
    let mut request = request
        .header(USER_AGENT, AGENT)
        .header("idempotency-key", delivery.key())
        .header("lockgate-transfer", transfer.to_string())
        .header("lockgate-consignment", delivery.consignment.to_string())
        .header("lockgate-sender", sender)
        .header("digest", format!("sha-256={digest}"))
        .header("repr-digest", format!("sha-256=:{digest}:"));
    if let Some(original) = delivery.replay_of {
        request = request.header("lockgate-replay-of", original.to_string());
    }
    if let Some(trace) = &trace.0 {
        request = request.header("traceparent", trace);
    }
    request
}
