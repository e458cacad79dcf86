//! Partners' S3 endpoints behind the same door as all their addresses, with the same pace; and their answers cut off where
//! no honest one is as long, since what an endpoint says is held in memory.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Limited};

use crate::egress::{Client, Egress, Outgoing, Pace, Unanswered};

/// Objects are only written and looked at, never read: every answer is a few lines of XML.
const LARGEST_ANSWER: usize = 1024 * 1024;
/// Putting an object together from its parts may take a while before the first word.
const ANSWER: Duration = Duration::from_secs(120);

/// How long endpoints are waited for.
pub(super) fn pace(egress: &Egress) -> Pace {
    let pace = egress.pace();
    Pace { answer: pace.answer.max(ANSWER), ..pace }
}

/// The SDK's client for an endpoint that a partner named.
#[derive(Debug, Clone)]
pub(super) struct Guarded {
    egress: Arc<Egress>,
    client: Client,
}

impl Guarded {
    pub(super) fn new(egress: Arc<Egress>, client: Client) -> Self {
        Self { egress, client }
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
        let (head, body) = request.into_parts();
        // All of them are in memory: this copies nothing.
        let body = body.collect().await.map_err(|error| ConnectorError::other(error, None))?.to_bytes();
        let request = Request::from_parts(head, Outgoing::whole(body));
        let answer = self.egress.exchange(&self.client, request, pace(&self.egress)).await;
        let (head, rest) = answer.map_err(|answer| {
            let unanswered = Unanswered(answer);
            // Only what broke is tried again at once; the rest waits for the delivery's schedule.
            match unanswered.is_broken() {
                true => ConnectorError::io(unanswered.into()),
                false => ConnectorError::other(unanswered.into(), None),
            }
        })?;
        let body = SdkBody::from_body_1_x(Limited::new(rest, LARGEST_ANSWER));
        HttpResponse::try_from(Response::from_parts(head, body))
            .map_err(|error| ConnectorError::other(error.into(), None))
    }
}

impl HttpClient for Guarded {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Guarded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let guarded = self.clone();
        HttpConnectorFuture::new(async move { guarded.exchange(request).await })
    }
}
