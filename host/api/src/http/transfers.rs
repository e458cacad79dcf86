//! A transfer in one request: the raw bytes as body, everything else in the query and headers.

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use lockgate_core::code::Code;
use lockgate_core::intake::{Append, NewTransfer};
use lockgate_core::upload::Upload;
use lockgate_core::viewer::Viewer;
use serde_json::json;

use crate::ApiState;
use crate::failure::Failure;
use crate::http::problem::Problem;
use crate::http::{body, envelope};
use crate::identity::Authenticated;
use crate::uploads::{headers as tus, metadata};

/// `POST /transfers?to=globex&filename=invoice.xml`: announces a transfer and takes its bytes. Under an idempotency key
/// it may be repeated as it is until it is answered: bytes that are already there are passed over.
pub(crate) async fn send(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let size = tus::number(&headers, "content-length")?;
    let new = announcement(query.as_deref().unwrap_or_default(), &headers, size)?;
    let announced = state.intake.announce(&viewer, new).await?;
    let span = tracing::Span::current();
    span.record("upload.id", tracing::field::display(announced.upload.id));
    span.record("transfer.id", tracing::field::display(announced.transfer.id));
    let upload = take(&state, &viewer, announced.upload, size, body).await?;
    let id = announced.transfer.id;
    let status = if announced.repeated { StatusCode::OK } else { StatusCode::CREATED };
    let payload_url = state.settings.url(&format!("transfers/{id}/payload"));
    let answer = json!({
        "transfer": id, "received": upload.complete, "size": upload.offset, "repeated": announced.repeated,
        "payload_url": payload_url,
    });
    Ok((status, [(header::LOCATION, payload_url)], Json(answer)).into_response())
}

fn announcement(query: &str, headers: &HeaderMap, size: Option<u64>) -> Result<NewTransfer, Failure> {
    let mut new = NewTransfer { size, trace: envelope::trace(), ..NewTransfer::default() };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "to" => new.receivers.extend(metadata::receivers(&value)),
            "filename" => new.file_name = value.into_owned(),
            _ => {
                let shown: String = name.chars().take(40).collect();
                return Err(Failure::new(Code::InvalidInput, format!("the query has an unknown field `{shown}`")));
            }
        }
    }
    let text = |name: &str| {
        let value = headers.get(name).map(|value| value.to_str().map(str::to_owned));
        let wrong = |_| Failure::new(Code::InvalidInput, format!("the header `{name}` is not ASCII"));
        value.transpose().map_err(wrong)
    };
    new.media_type = text("content-type")?.unwrap_or_default();
    new.idempotency_key = text("idempotency-key")?;
    Ok(new)
}

async fn take(
    state: &ApiState,
    viewer: &Viewer,
    upload: Upload,
    size: Option<u64>,
    bytes: Body,
) -> Result<Upload, Failure> {
    if upload.complete {
        return Ok(upload);
    }
    let append = |offset, length, content_length, body| Append {
        upload: upload.id,
        offset,
        length,
        content_length,
        checksum: None,
        body,
    };
    let left = size.map(|size| size.saturating_sub(upload.offset));
    let first = append(upload.offset, None, left, body::stream_after(bytes, upload.offset));
    let taken = state.intake.append(viewer, first).await?;
    if taken.complete {
        return Ok(taken);
    }
    // Without a declared size only the end of the body tells the length.
    let Some(size) = size else {
        let last = append(taken.offset, Some(taken.offset), Some(0), body::stream(Body::empty()));
        return Ok(state.intake.append(viewer, last).await?);
    };
    let why = format!("the body ended after {} of {size} bytes; send it again", taken.offset);
    Err(Failure { offset: Some(taken.offset), ..Failure::new(Code::UploadInterrupted, why) })
}
