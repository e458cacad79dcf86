//! Handing in a file by a secure URL: the form of the page, or one `PUT`. The transfer is the partner's who made the URL,
//! and goes to the receivers that the URL names.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use lockgate_core::code::Code;
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::intake::{BodyStream, NewTransfer};
use lockgate_core::porter::PorterError;
use lockgate_core::secure_url::SecureUrl;
use serde_json::json;

use super::{Caller, GIVES, allowing, look, page, passphrase, refuse, wants_page};
use crate::ApiState;
use crate::carried::to_its_end;
use crate::failure::Failure;
use crate::http::transfers::underway::Underway;
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
    allowing(put.await.unwrap_or_else(|failure: Failure| refuse(failure, &headers)), GIVES)
}

/// The form of the page: maybe a passphrase, then the file.
pub(super) async fn form(
    state: &ApiState,
    url: &SecureUrl,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    // Who may hand in nothing is not read: the passphrase alone has to wait for the form.
    state.porter.takes(url).await?;
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
    // A transfer that was announced arrives or ends, whoever still waits for the answer.
    let arriving = async move {
        let receivers = own.porter.hand_in(&url, passphrase.as_deref()).await?;
        arrive(&own, &url, &receivers, file).await
    };
    let arrived = to_its_end(state, arriving).await.map_err(closed)?;
    if wants_page(headers) {
        return Ok(page::received(&arrived));
    }
    let answer = json!({ "transfer": arrived.transfer, "received": true, "size": arrived.size });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

/// Whoever comes by a URL whose partner was suspended in the meantime is nobody to be told so.
fn closed(failure: Failure) -> Failure {
    if failure.code == Code::PartnerSuspended { PorterError::Closed.into() } else { failure }
}

/// A file that arrived whole.
pub(super) struct Arrived {
    pub(super) transfer: TransferId,
    pub(super) file_name: String,
    pub(super) size: u64,
}

async fn arrive(
    state: &ApiState,
    url: &SecureUrl,
    receivers: &[PartnerId],
    file: HandedIn,
) -> Result<Arrived, Failure> {
    let viewer = url.viewer();
    let new = NewTransfer {
        receivers: receivers.iter().map(ToString::to_string).collect(),
        file_name: file.file_name,
        media_type: file.media_type,
        size: file.size,
        once: true,
        by: Some(url.id),
        trace: envelope::trace(),
        ..NewTransfer::default()
    };
    let announced = state.intake.announce(&viewer, new).await?;
    let transfer = announced.transfer;
    tracing::Span::current().record("transfer.id", tracing::field::display(transfer.id));
    // The use of the URL is given back with the transfer.
    let underway = Underway::new(&state.intake, &viewer, announced.upload.id);
    let taken = transfers::take(state, &viewer, announced.upload, file.size, file.bytes).await;
    let upload = underway.over(taken).await?;
    Ok(Arrived { transfer: transfer.id, file_name: transfer.file_name, size: upload.offset })
}
