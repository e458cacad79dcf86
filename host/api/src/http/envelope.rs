//! What every request gets: an id, a span in the caller's trace, and an answer even if a handler panics.

use std::any::Any;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use lockgate_core::code::Code;
use lockgate_core::rate::Standing;
use lockgate_core::trace::TraceContext;
use tracing::Instrument;
use uuid::Uuid;

use crate::ApiState;
use crate::http::problem::Problem;
use crate::http::standing;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: &str = "traceparent";

/// The request under way, for those who report on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Current {
    /// The caller's id of the request, or ours.
    pub(crate) request_id: String,
    /// Its trace.
    pub(crate) trace: TraceContext,
    /// Where its user stands with the rate limit, once that is known.
    standing: Arc<OnceLock<Standing>>,
}

tokio::task_local! {
    static CURRENT: Current;
}

/// The request that this task serves, if it serves one.
pub(crate) fn current() -> Option<Current> {
    CURRENT.try_with(Clone::clone).ok()
}

/// Lets another task serve the request that this one serves.
pub(crate) fn within<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(current().unwrap_or_default(), work)
}

/// The trace of the request that this task serves.
pub(crate) fn trace() -> TraceContext {
    current().map(|it| it.trace).unwrap_or_default()
}

/// Notes where the request's user stands with the rate limit, for the answer's headers.
pub(crate) fn note(standing: Standing) {
    let _ = CURRENT.try_with(|it| it.standing.set(standing));
}

/// The middleware around all routes.
pub(crate) async fn wrap(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let request_id = given_id(&request).unwrap_or_else(|| Uuid::new_v4().simple().to_string());
    let span = span(&request, &request_id);
    state.tracer.adopt(&span, &parent(&request));
    let noted = Arc::default();
    let current =
        Current { request_id: request_id.clone(), trace: state.tracer.context(&span), standing: Arc::clone(&noted) };
    let mut response = CURRENT.scope(current, next.run(request)).instrument(span.clone()).await;
    span.record("http.status", response.status().as_u16());
    if let Some(standing) = noted.get() {
        standing::write(standing, response.headers_mut());
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn span(request: &Request, request_id: &str) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.route = route,
        http.status = tracing::field::Empty,
        request.id = request_id,
        transfer.id = tracing::field::Empty,
        upload.id = tracing::field::Empty,
    )
}

/// The caller's own id, if it is short and plain.
fn given_id(request: &Request) -> Option<String> {
    let given = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    ((8..=64).contains(&given.len()) && given.bytes().all(plain)).then(|| given.to_owned())
}

/// The caller's trace, if it is well-formed; anything else begins a new one.
fn parent(request: &Request) -> TraceContext {
    let given = request.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let well_formed = |text: &&str| {
        let parts: Vec<_> = text.split('-').collect();
        let hex = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
        let zero = |part: &str| part.bytes().all(|b| b == b'0');
        matches!(parts[..], [version, trace, span, flags]
            if version == "00" && hex(trace, 32) && !zero(trace) && hex(span, 16) && !zero(span) && hex(flags, 2))
    };
    TraceContext(given.filter(well_formed).map(str::to_ascii_lowercase))
}

/// Answers for a handler that panicked.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> http::Response<Body> {
    Problem::new(Code::Internal, "a request handler panicked").into_response()
}
