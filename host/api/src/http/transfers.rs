//! A transfer in one request: the raw bytes as body, everything else in the query and headers; or a form.

pub(crate) mod underway;

use axum::Json;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use lockgate_core::code::Code;
use lockgate_core::intake::{Announced, Append, BodyStream, NewTransfer};
use lockgate_core::upload::Upload;
use lockgate_core::viewer::Viewer;
use serde_json::json;

use crate::ApiState;
use crate::carried::to_its_end;
use crate::failure::Failure;
use crate::http::problem::Problem;
use crate::http::{body, envelope, form};
use crate::identity::Authenticated;
use crate::uploads::{headers as tus, metadata};

use underway::Underway;

/// `POST /transfers?to=globex&filename=invoice.xml`: announces a transfer and takes its bytes. Under an idempotency key
/// it may be repeated as it is until it is answered: bytes that are already there are passed over. A form has the same
/// fields, then the field `file`.
pub(crate) async fn send(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut new = announcement(query.as_deref().unwrap_or_default(), &headers)?;
    let bytes = if form::is_form(&headers) {
        let form = form::read(&headers, body).await?;
        for (name, value) in &form.fields {
            field(&mut new, name, value)?;
        }
        if new.file_name.is_empty() {
            new.file_name = form.file_name;
        }
        new.media_type = form.media_type;
        form.file
    } else {
        new.size = tus::number(&headers, "content-length")?;
        body::stream(body)
    };
    new.once = new.idempotency_key.is_none();
    let (size, once) = (new.size, new.once);
    let own = state.clone();
    let taken = to_its_end(&state, async move {
        let announced = own.intake.announce(&viewer, new).await?;
        let span = tracing::Span::current();
        span.record("upload.id", tracing::field::display(announced.upload.id));
        span.record("transfer.id", tracing::field::display(announced.transfer.id));
        let (id, repeated) = (announced.transfer.id, announced.repeated);
        let upload = if once {
            let underway = Underway::new(&own.intake, &viewer, announced.upload.id);
            underway.over(take(&own, &viewer, announced.upload, size, bytes).await).await?
        } else {
            take_under_key(&own, &viewer, announced, size, bytes).await?
        };
        Ok::<_, Failure>((id, repeated, upload))
    });
    let (id, repeated, upload) = taken.await?;
    let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
    let payload_url = state.settings.url(&format!("transfers/{id}/payload"));
    let answer = json!({
        "transfer": id, "received": upload.complete, "size": upload.offset, "repeated": repeated,
        "payload_url": payload_url,
    });
    Ok((status, [(header::LOCATION, payload_url)], Json(answer)).into_response())
}

fn announcement(query: &str, headers: &HeaderMap) -> Result<NewTransfer, Failure> {
    let mut new = NewTransfer { trace: envelope::trace(), ..NewTransfer::default() };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if value.contains('\u{fffd}') && !query.to_ascii_uppercase().contains("%EF%BF%BD") {
            let why = format!("`{name}` is not percent-encoded UTF-8");
            return Err(Failure::new(if name == "filename" { Code::InvalidFileName } else { Code::InvalidInput }, why));
        }
        field(&mut new, &name, &value)?;
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

fn field(new: &mut NewTransfer, name: &str, value: &str) -> Result<(), Failure> {
    match name {
        "to" => new.receivers.extend(metadata::receivers(value)),
        "filename" => value.clone_into(&mut new.file_name),
        _ => {
            let shown: String = name.chars().take(40).collect();
            let why = format!("`{shown}` is not known here; there are `to` and `filename`");
            return Err(Failure::new(Code::InvalidInput, why));
        }
    }
    Ok(())
}

/// Takes the bytes of a request that can be repeated, to their end or to where a repeat goes on. If no repeat could, the
/// transfer that this request announced ends with it.
async fn take_under_key(
    state: &ApiState,
    viewer: &Viewer,
    announced: Announced,
    size: Option<u64>,
    bytes: BodyStream,
) -> Result<Upload, Failure> {
    let (id, ours) = (announced.upload.id, !announced.repeated);
    let taken = take(state, viewer, announced.upload, size, bytes).await;
    let too_much = taken.as_ref().is_err_and(|it| matches!(it.code, Code::PayloadTooLarge | Code::UploadTooLong));
    if ours && too_much {
        let _ = state.intake.terminate(viewer, id, &envelope::trace()).await;
    }
    taken
}

/// Takes the bytes of an announced transfer to their end.
pub(crate) async fn take(
    state: &ApiState,
    viewer: &Viewer,
    upload: Upload,
    size: Option<u64>,
    bytes: BodyStream,
) -> Result<Upload, Failure> {
    let bytes = state.intake.pass_over(&upload, bytes).await?;
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
    let first = append(upload.offset, None, left, bytes);
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
