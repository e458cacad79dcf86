//! What S3 said or did not say, in one sentence without secrets.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use lockgate_core::ports::PayloadError;

/// One request that did not succeed, after the client's own retries.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{doing} failed: {what}")]
pub(crate) struct Failure {
    doing: &'static str,
    what: String,
    status: Option<u16>,
    code: Option<String>,
}

impl Failure {
    pub(crate) fn of<E>(doing: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.as_service_error().and_then(|error| error.code()).map(str::to_owned);
        let what = match (status, &code) {
            (Some(status), Some(code)) => format!("S3 answered {status} {code}"),
            (Some(status), None) if !(200..300).contains(&status) => format!("S3 answered {status}"),
            _ => chain(error),
        };
        Self { doing, what, status, code }
    }

    pub(crate) fn new(doing: &'static str, what: impl Into<String>) -> Self {
        Self { doing, what: what.into(), status: None, code: None }
    }

    /// The object, bucket or multipart upload does not exist.
    pub(crate) fn is_missing(&self) -> bool {
        self.status == Some(404) || matches!(self.code.as_deref(), Some("NoSuchKey" | "NotFound" | "NoSuchUpload"))
    }

    /// A conditional write found that the object exists.
    pub(crate) fn is_taken(&self) -> bool {
        self.status == Some(412) || self.code.as_deref() == Some("PreconditionFailed")
    }

    /// Whether S3 gave that error code.
    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }

    /// The range begins behind the object's end.
    pub(crate) fn is_beyond_the_end(&self) -> bool {
        self.status == Some(416)
    }
}

impl From<Failure> for PayloadError {
    fn from(failure: Failure) -> Self {
        Self::Unavailable(failure.to_string())
    }
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
