//! The edge: what holds for every request before and after its handler. Bodies have to come in time, and every error is
//! a problem document, also those that no handler of ours wrote.

mod pace;

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use http_body::Body as _;
use lockgate_core::code::Code;

use crate::ApiState;
use crate::http::problem::Problem;

pub use pace::Pace;
use pace::{Ended, Paced};

/// Who asks, as an address; the listener knows it and puts it among a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The connection's place among those that the listener allows, among a request's extensions. Who keeps the connection
/// beyond the request, as a WebSocket does, keeps this.
#[derive(Debug, Clone)]
pub struct Held(pub Arc<dyn Any + Send + Sync>);

/// What an error keeps of the answer that it stands for: where to go on.
const KEPT: [HeaderName; 3] =
    [HeaderName::from_static("upload-offset"), HeaderName::from_static("tus-resumable"), header::LOCATION];

/// The middleware around all handlers.
pub(crate) async fn guard(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let mut ended = None;
    let request = if request.body().is_end_stream() {
        request
    } else {
        let (parts, body) = request.into_parts();
        let (paced, sign) = Paced::new(body, state.settings.pace, state.settings.bodies_end.clone());
        ended = Some(sign);
        Request::from_parts(parts, Body::new(paced))
    };
    let response = next.run(request).await;
    match ended.and_then(|sign| sign.get()).filter(|_| !response.status().is_success()) {
        Some(ended) => instead(ended, &response),
        None => as_problem(response),
    }
}

/// A body that was not read to its end is the cause of whatever the handler made of it.
fn instead(ended: Ended, response: &Response) -> Response {
    let code = match ended {
        Ended::Slow(_) => Code::RequestTimeout,
        Ended::Stopping => Code::TemporarilyUnavailable,
    };
    let mut problem = Problem::new(code, ended.to_string());
    for name in KEPT {
        if let Some(value) = response.headers().get(&name) {
            problem = problem.with(name, value.clone());
        }
    }
    problem.into_response()
}

/// Errors of the framework are sentences, not documents.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    let bare =
        response.headers().get(header::CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !bare {
        return response;
    }
    let (code, what) = match status {
        StatusCode::NOT_FOUND => (Code::ResourceNotFound, "there is nothing at this path"),
        StatusCode::METHOD_NOT_ALLOWED => (Code::MethodNotAllowed, "the resource does not know this method"),
        StatusCode::PAYLOAD_TOO_LARGE => (Code::RequestTooLarge, "the request's body is larger than allowed here"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (Code::UnsupportedMediaType, "this type is not taken here"),
        status if status.is_client_error() => (Code::InvalidInput, "the path, the query or a header cannot be read"),
        _ => (Code::Internal, "the framework failed"),
    };
    let mut problem = Problem::new(code, what);
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            problem = problem.with(name.clone(), value.clone());
        }
    }
    problem.into_response()
}
