//! Channel `webhook`: messages by Standard Webhooks 1.0, and the check that receivers make.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, USER_AGENT};
use lockgate_core::delivery::Answer;
use lockgate_core::ports::Notice;
use time::OffsetDateTime;

use crate::answer::{of_message, refused};
use crate::egress::{Egress, Outgoing};
use crate::http::AGENT;
use crate::secrets::Secrets;

mod envelope;
mod secret;
mod signature;

pub use secret::{InvalidSecret, Secret, VerifyingKey};
pub use signature::{ID, SIGNATURE, TIMESTAMP, VerifyError, sign, verify};

#[derive(Debug)]
pub(crate) struct WebhookMessenger {
    egress: Arc<Egress>,
    secrets: Secrets,
    /// Where messages say that the payload is.
    public_url: Option<String>,
}

impl WebhookMessenger {
    pub(crate) fn new(egress: Arc<Egress>, secrets: Secrets, public_url: Option<String>) -> Self {
        Self { egress, secrets, public_url }
    }

    pub(crate) async fn send(&self, notice: &Notice, url: &str, signing: &str) -> Result<Answer, Answer> {
        let url = self.egress.url(url)?;
        let secrets = self.secrets.signing(notice.channel.partner, signing).await?;
        let body = Bytes::from(envelope::body(notice, self.public_url.as_deref()).map_err(refused)?);
        let id = format!("{}_{}", notice.notification, notice.index);
        let mut request =
            Request::post(url.as_str()).header(USER_AGENT, AGENT).header(CONTENT_TYPE, "application/json");
        for (header, value) in sign(&secrets, &id, notice.at, &body) {
            request = request.header(header, value);
        }
        if let Some(trace) = &notice.trace.0 {
            request = request.header("traceparent", trace);
        }
        let request = request.body(Outgoing::whole(body));
        let request = request.map_err(|error| refused(format!("no request can be made: {error}")))?;
        let reply = self.egress.send(request).await?;
        Ok(of_message(reply.status, &reply.headers, OffsetDateTime::now_utc()))
    }
}
