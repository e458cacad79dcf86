//! Handing in a file by a secure URL: the form of the page, or one `PUT`. The transfer is the partner's who made the URL,
//! and goes to the receivers that the URL names.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::intake::{BodyStream, NewTransfer};
use lockgate_core::porter::Porter;
use lockgate_core::secure_url::SecureUrl;
use lockgate_core::viewer::Viewer;
use serde_json::json;

use super::{Caller, look, page, passphrase, refuse, wants_page};
use crate::ApiState;
use crate::carried::to_its_end;
use crate::failure::Failure;
use crate::http::{body, envelope, form, transfers};
use crate::uploads::headers as tus;

/// A file on its way in.
struct HandedIn {
    file_name: String,
    media_type: String,
    size: Option<u64>,
    bytes: BodyStream,
}

/// `PUT /s/{token}/{file_name}`: the file's bytes as they are.
pub(crate) async fn put(
    State(state): State<ApiState>,
    caller: Caller,
    Path((token, file_name)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Body,
) -> Response {
    let put = async {
        let url = look(&state, caller, &token).await?;
        let size = tus::number(&headers, "content-length")?;
        let kind = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
        // What curl says when it was told nothing.
        let media_type = if kind == "application/x-www-form-urlencoded" { "" } else { kind }.to_owned();
        let file = HandedIn { file_name, media_type, size, bytes: body::stream(bytes) };
        send(&state, url, passphrase(&headers)?, file, &headers).await
    };
    put.await.unwrap_or_else(|failure: Failure| refuse(failure, &headers))
}

/// The form of the page: maybe a passphrase, then the file.
pub(super) async fn form(
    state: &ApiState,
    url: &SecureUrl,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    // Who may hand in nothing is not read: the passphrase alone has to wait for the form.
    state.porter.takes(url)?;
    let form = form::read(headers, body).await?;
    let passphrase = form.fields.into_iter().find(|(name, _)| name == "passphrase").map(|(_, value)| value);
    let file = HandedIn { file_name: form.file_name, media_type: form.media_type, size: None, bytes: form.file };
    send(state, url.clone(), passphrase, file, headers).await
}

async fn send(
    state: &ApiState,
    url: SecureUrl,
    passphrase: Option<String>,
    file: HandedIn,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let own = state.clone();
    // A use and what came of it belong together, whoever still waits for the answer.
    let arrived = to_its_end(state, async move { spend(&own, url, passphrase.as_deref(), file).await }).await?;
    if wants_page(headers) {
        return Ok(page::received(&arrived));
    }
    let answer = json!({ "transfer": arrived.transfer, "received": true, "size": arrived.size });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Uses the URL, and gives the use back if nothing comes of it.
async fn spend(state: &ApiState, url: SecureUrl, passphrase: Option<&str>, file: HandedIn) -> Result<Arrived, Failure> {
    let receivers = state.porter.hand_in(&url, passphrase).await?;
    let viewer = url.viewer();
    let spent = Spent { porter: Arc::clone(&state.porter), url: Some(url) };
    let arrived = arrive(state, &viewer, &receivers, file).await;
    match arrived {
        Ok(_) => spent.well(),
        Err(_) => spent.back().await?,
    }
    arrived
}

/// A file that arrived whole.
pub(super) struct Arrived {
    pub(super) transfer: TransferId,
    pub(super) file_name: String,
    pub(super) size: u64,
}

async fn arrive(
    state: &ApiState,
    viewer: &Viewer,
    receivers: &[PartnerId],
    file: HandedIn,
) -> Result<Arrived, Failure> {
    let new = NewTransfer {
        receivers: receivers.iter().map(ToString::to_string).collect(),
        file_name: file.file_name,
        media_type: file.media_type,
        size: file.size,
        trace: envelope::trace(),
        ..NewTransfer::default()
    };
    let announced = state.intake.announce(viewer, new).await?;
    let transfer = announced.transfer;
    tracing::Span::current().record("transfer.id", tracing::field::display(transfer.id));
    let ends = transfers::Ends { ours: true, keyed: false };
    let upload = transfers::take_or_end(state, viewer, announced.upload, file.size, file.bytes, ends).await?;
    Ok(Arrived { transfer: transfer.id, file_name: transfer.file_name, size: upload.offset })
}

/// A use that is given back unless something came of it, also when what was to come of it panics.
struct Spent {
    porter: Arc<Porter>,
    url: Option<SecureUrl>,
}

impl Spent {
    fn well(mut self) {
        self.url = None;
    }

    async fn back(mut self) -> Result<(), Failure> {
        match self.url.take() {
            Some(url) => Ok(self.porter.give_back(&url).await?),
            None => Ok(()),
        }
    }
}

impl Drop for Spent {
    fn drop(&mut self) {
        let Some(url) = self.url.take() else { return };
        let porter = Arc::clone(&self.porter);
        tokio::spawn(async move {
            if let Err(error) = porter.give_back(&url).await {
                tracing::warn!(url.id = %url.id, error = %error, "A use of a secure URL could not be given back.");
            }
        });
    }
}
