//! The requests of tus: what stands in each of them, and where they may lead.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use http::request::Builder;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::HttpTus;
use lockgate_core::ports::Consigned;
use url::Url;

use crate::answer::{forbidden, refused};
use crate::egress::{Client, Egress, Outgoing};
use crate::http::AGENT;
use crate::template::fill;

/// A receiver that speaks tus.
#[derive(Debug)]
pub(super) struct Wire<'a> {
    egress: &'a Egress,
    client: Client,
    bearer: Option<HeaderValue>,
    creation: Url,
    /// Which checksum each request carries, by its name.
    checksum: Option<(&'static str, &'static Algorithm)>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(egress: &'a Egress, client: Client, bearer: Option<HeaderValue>, creation: Url) -> Self {
        Self { egress, client, bearer, creation, checksum: None }
    }

    /// Where uploads are created.
    pub(super) fn creation(&self) -> &Url {
        &self.creation
    }

    /// Asks which checksums the receiver verifies and how much it takes. One that does not say is asked for nothing.
    pub(super) async fn discover(&mut self, size: u64) -> Result<(), Answer> {
        let (status, headers) = self.ask(self.request(Method::OPTIONS, &self.creation)).await?;
        if !status.is_success() {
            return Ok(());
        }
        if let Some(most) = number(&headers, "tus-max-size").filter(|most| *most < size) {
            let why = format!("the receiver takes {most} bytes at most, the payload has {size}");
            return Err(Answer::refused(Cause::Refused, why));
        }
        let known: [(&str, &Algorithm); 2] = [("sha256", &SHA256), ("sha1", &SHA1_FOR_LEGACY_USE_ONLY)];
        let offered = headers.get("tus-checksum-algorithm").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let offers = |name: &str| offered.split(',').any(|it| it.trim() == name);
        self.checksum = known.into_iter().find(|(name, _)| offers(name));
        Ok(())
    }

    /// The URL of an upload: as the receiver named it, at the same origin or where the operator allows it. Connecting asks
    /// the gate as for any other.
    pub(super) fn place(&self, text: &str) -> Result<Url, Answer> {
        let url = self.creation.join(text).map_err(|_| refused("the receiver names an upload that is no URL"))?;
        let url = self.egress.url(url.as_str())?;
        match url.origin() == self.creation.origin() || self.egress.gate().lists(&url) {
            true => Ok(url),
            false => Err(forbidden(format!(
                "the receiver names an upload at `{}`, which is another origin than the destination's; only listed hosts \
                 (`connectors.allow`) may be led to",
                url.host_str().unwrap_or_default()
            ))),
        }
    }

    pub(super) fn request(&self, method: Method, url: &Url) -> Builder {
        let request = Request::builder().method(method).uri(url.as_str());
        let request = request.header(USER_AGENT, AGENT).header("tus-resumable", "1.0.0");
        match &self.bearer {
            Some(bearer) => request.header(AUTHORIZATION, bearer),
            None => request,
        }
    }

    /// Sends a request without a body.
    pub(super) async fn ask(&self, request: Builder) -> Result<(StatusCode, HeaderMap), Answer> {
        self.send(request.header(CONTENT_LENGTH, 0), Bytes::new()).await
    }

    /// Sends the bytes from there on.
    pub(super) async fn patch(&self, url: &Url, offset: u64, bytes: Bytes) -> Result<(StatusCode, HeaderMap), Answer> {
        let mut request = self.request(Method::PATCH, url).header("upload-offset", offset);
        request = request.header(CONTENT_TYPE, "application/offset+octet-stream").header(CONTENT_LENGTH, bytes.len());
        if let Some((name, algorithm)) = self.checksum {
            let sum = STANDARD.encode(digest(algorithm, &bytes).as_ref());
            request = request.header("upload-checksum", format!("{name} {sum}"));
        }
        self.send(request, bytes).await
    }

    async fn send(&self, request: Builder, body: Bytes) -> Result<(StatusCode, HeaderMap), Answer> {
        let request = request.body(Outgoing::whole(body));
        let request = request.map_err(|error| refused(format!("no request can be made: {error}")))?;
        let reply = self.egress.send_as(&self.client, request).await?;
        Ok((reply.status, reply.headers))
    }
}

/// What the receiver learns with the creation.
pub(super) fn metadata(consigned: &Consigned, tus: &HttpTus) -> String {
    let ours = [
        ("filename", consigned.file_name.clone()),
        ("filetype", consigned.payload.media_type.clone()),
        ("idempotency-key", consigned.delivery.key()),
        ("sha256", consigned.payload.digest.hex()),
        ("transfer", consigned.transfer.to_string()),
        ("sender", consigned.sender.clone()),
    ];
    let theirs = tus.metadata.iter().map(|(name, template)| (name.as_str(), fill(template, consigned)));
    let pairs = ours.into_iter().chain(theirs).map(|(name, value)| format!("{name} {}", STANDARD.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

/// A header that is a whole number.
pub(super) fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// An upload's URL as it is kept for people: without what may open it.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.to_string().chars().take(200).collect()
}
