//! tus 1.0: creation, creation with upload, deferred length, checksum, expiration, termination, concatenation. Any node
//! continues any upload; what was acknowledged is durable.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use lockgate_core::claim::Aggregate;
use lockgate_core::code::Code;
use lockgate_core::command::Work;
use lockgate_core::id::UploadId;
use lockgate_core::intake::{Append, Checksum, NewTransfer};
use lockgate_core::upload::Upload;
use lockgate_core::viewer::Viewer;

use crate::ApiState;
use crate::carried::to_its_end;
use crate::failure::Failure;
use crate::http::problem::Problem;
use crate::http::{body, envelope};
use crate::identity::Authenticated;
use crate::uploads::concat::{self, Concat};
use crate::uploads::{checksum, headers as tus, metadata};

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const EXTENSIONS: &str =
    "creation,creation-with-upload,creation-defer-length,checksum,expiration,termination,concatenation";
const CHUNK: &str = "application/offset+octet-stream";
/// What an upload knows; POST stands for one of these.
const KNOWN: HeaderValue = HeaderValue::from_static("HEAD, PATCH, DELETE, OPTIONS");

/// The middleware of all tus routes: one version in, the same version out.
pub(crate) async fn speak_tus(request: Request, next: Next) -> Response {
    let spoken = request.headers().get(RESUMABLE) == Some(&VERSION);
    let mut response = if spoken || matches!(*request.method(), Method::OPTIONS | Method::GET) {
        next.run(request).await
    } else {
        Problem::new(Code::TusVersionUnsupported, "send `Tus-Resumable: 1.0.0`")
            .with(HeaderName::from_static("tus-version"), VERSION)
            .into_response()
    };
    response.headers_mut().insert(RESUMABLE, VERSION);
    response
}

/// `OPTIONS /uploads`: what is spoken here; needs no token.
pub(crate) async fn discover(State(state): State<ApiState>) -> Response {
    let headers = [
        ("tus-version", VERSION),
        ("tus-extension", HeaderValue::from_static(EXTENSIONS)),
        ("tus-checksum-algorithm", HeaderValue::from_static(Checksum::ALGORITHMS)),
        ("tus-max-size", HeaderValue::from(state.intake.max_size())),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// `POST /uploads`: announces a transfer; may bring its first bytes along. Or begins a partial upload, or assembles some.
pub(crate) async fn create(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    // What can be refused is refused before a transfer exists that nobody would hear of.
    let checksum = checksum::read(&headers)?;
    let (mut upload, length) = match concat::read(&headers)? {
        Concat::No => announce(&state, &viewer, &headers).await?,
        Concat::Partial => {
            let length = tus::length(&headers)?;
            (state.intake.begin_partial(&viewer, length, metadata::sent(&headers)?).await?, length)
        }
        Concat::Final(parts) => (assemble(&state, &viewer, &headers, parts).await?, None),
    };
    record(&upload);
    let location = state.settings.url(&format!("uploads/{}", upload.id));
    let location = HeaderValue::from_str(&location).map_err(|_| Failure::new(Code::Internal, "an odd public URL"))?;
    let brings = is_chunk(&headers) && upload.offset == 0 && !upload.complete;
    // Nobody sends a request with nothing to say: an empty file is complete at once.
    if brings || (length == Some(0) && !upload.complete) {
        let body = if brings { body } else { Body::empty() };
        let appended = append_to(&state, &viewer, upload.id, 0, &headers, None, checksum, body).await;
        upload = appended.map_err(|failure| Problem::from(failure).with(header::LOCATION, location.clone()))?;
    }
    let mut response = (StatusCode::CREATED, [(header::LOCATION, location)]).into_response();
    tus::position(&upload, response.headers_mut());
    Ok(response)
}

/// The upload of an ordinary transfer, and its length as it was given.
async fn announce(state: &ApiState, viewer: &Viewer, headers: &HeaderMap) -> Result<(Upload, Option<u64>), Failure> {
    let length = tus::length(headers)?;
    let new = new_transfer(metadata::read(headers)?, length, vec![]);
    Ok((state.intake.announce(viewer, new).await?.upload, length))
}

/// The upload of a transfer whose bytes are there already.
async fn assemble(
    state: &ApiState,
    viewer: &Viewer,
    headers: &HeaderMap,
    parts: Vec<UploadId>,
) -> Result<Upload, Failure> {
    let new = new_transfer(metadata::read(headers)?, None, parts);
    Ok(state.intake.assemble(viewer, new).await?.upload)
}

fn new_transfer(metadata: metadata::Metadata, size: Option<u64>, assembles: Vec<UploadId>) -> NewTransfer {
    NewTransfer {
        receivers: metadata.to,
        file_name: metadata.filename,
        media_type: metadata.filetype,
        size,
        idempotency_key: metadata.idempotency_key,
        assembles,
        metadata: metadata.sent,
        trace: envelope::trace(),
        ..NewTransfer::default()
    }
}

/// `HEAD /uploads/{id}`: where it stands.
pub(crate) async fn position(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let upload = state.intake.find(&viewer, parse(&id)?).await?;
    record(&upload);
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    tus::position(&upload, headers);
    match upload.length {
        Some(length) => headers.insert("upload-length", HeaderValue::from(length)),
        None => headers.insert("upload-defer-length", HeaderValue::from(1)),
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    concat::write(&upload, |id| state.settings.url(&format!("uploads/{id}")), headers);
    if let Some(metadata) = described(&state, &upload).await? {
        let metadata = HeaderValue::from_str(&metadata);
        headers.insert("upload-metadata", metadata.expect("what came in a header, and Base64, are ASCII"));
    }
    Ok(response)
}

/// What the client said of its upload when it began it; of one that was announced otherwise, what it might have said.
async fn described(state: &ApiState, upload: &Upload) -> Result<Option<String>, Failure> {
    if upload.metadata.is_some() {
        return Ok(upload.metadata.clone());
    }
    let Some(transfer) = upload.transfer else { return Ok(None) };
    let Some(Aggregate::Transfer(it)) = state.store.load(Work::Transfer(transfer)).await? else { return Ok(None) };
    Ok(Some(metadata::write(&it.file_name, &it.media_type)))
}

/// `PATCH /uploads/{id}`: the next bytes.
pub(crate) async fn append(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let id = parse(&id)?;
    if !is_chunk(&headers) {
        return Err(Problem::new(Code::UnsupportedMediaType, format!("send the bytes as `{CHUNK}`")));
    }
    let offset = tus::number(&headers, "upload-offset")?
        .ok_or_else(|| Failure::new(Code::UploadMetadataInvalid, "`Upload-Offset` is missing"))?;
    let length = tus::number(&headers, "upload-length")?;
    let checksum = checksum::read(&headers)?;
    let upload = append_to(&state, &viewer, id, offset, &headers, length, checksum, body).await?;
    record(&upload);
    let mut response = StatusCode::NO_CONTENT.into_response();
    tus::position(&upload, response.headers_mut());
    Ok(response)
}

/// `DELETE /uploads/{id}`: the sender gives up.
pub(crate) async fn terminate(
    State(state): State<ApiState>,
    Authenticated(viewer): Authenticated,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    state.intake.terminate(&viewer, parse(&id)?, &envelope::trace()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /uploads/{id}` with `X-HTTP-Method-Override`, for clients behind proxies that know no other method.
pub(crate) async fn overridden(
    state: State<ApiState>,
    viewer: Authenticated,
    id: Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    match headers.get("x-http-method-override").map(HeaderValue::as_bytes) {
        Some(b"PATCH") => append(state, viewer, id, headers, body).await,
        Some(b"DELETE") => terminate(state, viewer, id).await.map(IntoResponse::into_response),
        Some(b"HEAD") => position(state, viewer, id).await,
        _ => Err(unknown("POST here needs `X-HTTP-Method-Override: PATCH`, `HEAD` or `DELETE`")),
    }
}

/// An upload cannot be read back; the transfer's payload can, by those who may.
pub(crate) async fn no_download() -> Problem {
    unknown("an upload cannot be read; ask for its position with HEAD")
}

fn unknown(why: &str) -> Problem {
    Problem::new(Code::MethodNotAllowed, why).with(header::ALLOW, KNOWN)
}

#[expect(clippy::too_many_arguments, reason = "one call, read where it is made")]
async fn append_to(
    state: &ApiState,
    viewer: &Viewer,
    upload: UploadId,
    offset: u64,
    headers: &HeaderMap,
    length: Option<u64>,
    checksum: Option<Checksum>,
    bytes: Body,
) -> Result<Upload, Failure> {
    let content_length = tus::number(headers, "content-length")?;
    let body = body::stream(bytes);
    let append = Append { upload, offset, length, content_length, checksum, body };
    let (intake, viewer) = (Arc::clone(&state.intake), viewer.clone());
    Ok(to_its_end(state, async move { intake.append(&viewer, append).await }).await?)
}

/// An id that is none gets the answer of an upload that is not there.
fn parse(id: &str) -> Result<UploadId, Failure> {
    id.parse().map_err(|_| Failure::unseen(Code::UploadNotFound))
}

fn is_chunk(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(CHUNK.as_bytes()))
}

fn record(upload: &Upload) {
    let span = tracing::Span::current();
    span.record("upload.id", tracing::field::display(upload.id));
    if let Some(transfer) = upload.transfer {
        span.record("transfer.id", tracing::field::display(transfer));
    }
}
