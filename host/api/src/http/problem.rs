//! Problem details (RFC 9457): how REST routes say what went wrong.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use lockgate_core::code::Code;
use serde::Serialize;

use crate::failure::Failure;
use crate::http::envelope;
use crate::http::standing::seconds;

/// A failure as a whole response.
#[derive(Debug)]
pub(crate) struct Problem {
    failure: Failure,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(flatten)]
    limit: Option<Limit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

/// Which limit was reached.
#[derive(Serialize)]
struct Limit {
    limit: u32,
    window_seconds: u64,
}

impl Problem {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Failure::new(code, message).into()
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl<F: Into<Failure>> From<F> for Problem {
    fn from(failure: F) -> Self {
        Self { failure: failure.into(), headers: Vec::new() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let code = self.failure.code;
        let ours = self.failure.is_ours();
        if ours {
            tracing::error!(code = code.name(), error = %self.failure.message, "A request failed by our fault.");
        }
        let current = envelope::current();
        let document = Document {
            r#type: format!("urn:lockgate:error:{}", code.name().to_ascii_lowercase().replace('_', "-")),
            title: code.meaning(),
            status: code.status(),
            detail: self.failure.public_message(),
            code: code.name(),
            trace_id: current.as_ref().filter(|_| ours).and_then(|it| it.trace.trace_id().map(str::to_owned)),
            request_id: current.map(|it| it.request_id),
            limit: self.failure.standing.map(|standing| Limit {
                limit: standing.limit.requests,
                window_seconds: seconds(standing.limit.window),
            }),
            retry_after_seconds: self.failure.retry_after.map(seconds),
        };
        // 460 is tus's own; the code's number is within what HTTP calls a status.
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if code == Code::TemporarilyUnavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        if let Some(time) = self.failure.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(time)));
        }
        if let Some(offset) = self.failure.offset {
            headers.insert("upload-offset", HeaderValue::from(offset));
        }
        headers.extend(self.headers);
        response
    }
}
