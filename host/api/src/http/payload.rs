//! Fetching a payload, whole or in parts, by a token or by a secure URL. Who may fetch what is core's business
//! (`fetching.rs`); here it becomes HTTP.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use lockgate_core::code::Code;
use lockgate_core::fetching::{Fetchable, FetchingError, fetchable, of_delivery};
use lockgate_core::id::{DeliveryId, TransferId};
use lockgate_core::ports::{ByteStream, PayloadError};
use lockgate_core::provenance::{Actor, Entry, EntryKind};
use lockgate_core::viewer::Viewer;
use serde::Deserialize;
use serde_json::json;

use crate::ApiState;
use crate::failure::Failure;
use crate::http::problem::Problem;
use crate::http::range::{Wanted, wanted};
use crate::http::{disposition, envelope};
use crate::identity::Authenticated;

/// What may be said of the payload that is meant.
#[derive(Debug, Deserialize)]
pub(crate) struct Meant {
    delivery: Option<String>,
}

/// `GET` or `HEAD /transfers/{id}/payload`, of one delivery with `?delivery=`.
pub(crate) async fn fetch(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    method: Method,
    Path(id): Path<String>,
    Query(meant): Query<Meant>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unseen = || Failure::unseen(Code::PayloadNotFound);
    let id: TransferId = id.parse().map_err(|_| unseen())?;
    let found = match meant.delivery {
        None => fetchable(&*state.store, &viewer, id).await,
        Some(delivery) => {
            let delivery: DeliveryId = delivery.parse().map_err(|_| unseen())?;
            of_delivery(&*state.store, &viewer, id, delivery).await
        }
    };
    let found = found.map_err(refused)?.ok_or_else(unseen)?;
    hand_out(&state, &viewer, id, &found, &method, &headers).await
}

fn refused(error: FetchingError) -> Failure {
    Failure::new(error.code(), error.to_string())
}

/// The bytes that were found, or the part of them that is wanted.
pub(crate) async fn hand_out(
    state: &ApiState,
    viewer: &Viewer,
    id: TransferId,
    it: &Fetchable,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let etag = format!("\"{}\"", it.payload.digest.hex());
    if !demanded(headers, &etag) {
        let why = "the payload is another one than `If-Match` names; fetch it anew, from its beginning";
        return Err(Problem::new(Code::PreconditionFailed, why));
    }
    if unchanged(headers, &etag) {
        return Ok(described(StatusCode::NOT_MODIFIED, it, &etag, Body::empty()));
    }
    let size = it.payload.size;
    // Ranges are defined for GET alone (RFC 9110, 14.2).
    let asked = if *method == Method::GET { wanted(headers, size, &etag) } else { Wanted::Whole };
    let (status, range) = match asked {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Unsatisfiable => {
            let whole = HeaderValue::from_str(&format!("bytes */{size}")).expect("digits are ASCII");
            let why = format!("the payload has {size} bytes");
            return Err(Problem::new(Code::RangeNotSatisfiable, why).with(header::CONTENT_RANGE, whole));
        }
    };
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        let bytes = match range.is_empty() {
            true => None,
            false => Some(begun(state.payloads.read(&it.payload, range.clone()).await?).await?),
        };
        // Bytes leave only after provenance knows of it, and it knows only of bytes that there are; that a file is empty is
        // told by fetching it, too.
        state.store.append(id, &fetched(state, viewer, it, &range)).await?;
        bytes.map_or_else(Body::empty, Body::from_stream)
    };
    let mut response = described(status, it, &etag, body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
        headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&part).expect("digits are ASCII"));
    }
    Ok(response)
}

fn fetched(state: &ApiState, viewer: &Viewer, it: &Fetchable, range: &std::ops::Range<u64>) -> Entry {
    Entry {
        kind: EntryKind::Fetched,
        consignment: it.consignment,
        delivery: it.delivery,
        actor: Actor::Person(viewer.subject.clone()),
        details: json!({ "digest": it.payload.digest, "start": range.start, "end": range.end }),
        trace_id: envelope::trace().trace_id().map(str::to_owned),
        at: state.clock.now(),
    }
}

/// Bytes of which the first have come: until then nobody has said whether there are any.
async fn begun(mut bytes: ByteStream) -> Result<ByteStream, PayloadError> {
    let none = || PayloadError::Unavailable("it ends before its first byte".to_owned());
    let first = bytes.next().await.ok_or_else(none)??;
    Ok(Box::pin(stream::iter([Ok(first)]).chain(bytes)))
}

/// Whether these are bytes that the caller would have. A weak tag names none for certain (RFC 9110, 13.1.1).
fn demanded(headers: &HeaderMap, etag: &str) -> bool {
    let mut given = headers.get_all(header::IF_MATCH).iter().peekable();
    given.peek().is_none()
        || given
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').map(str::trim).any(|it| it == etag || it == "*"))
}

/// Whether the caller has these very bytes.
fn unchanged(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.split(',').map(|it| it.trim().trim_start_matches("W/")).any(|it| it == etag || it == "*"))
}

/// A partner's file is never a page of ours: browsers must neither render nor guess it.
fn described(status: StatusCode, it: &Fetchable, etag: &str, body: Body) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let unknown = HeaderValue::from_static("application/octet-stream");
    let kind = HeaderValue::from_str(&it.payload.media_type).unwrap_or(unknown);
    let digest = format!("sha-256=:{}:", STANDARD.encode(it.payload.digest.0));
    let text = |text: &str| HeaderValue::from_str(text).expect("digits and Base64 are ASCII");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::ETAG, text(etag));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::CONTENT_DISPOSITION, disposition::attachment(&it.file_name));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(HeaderName::from_static("repr-digest"), text(&digest));
    response
}
