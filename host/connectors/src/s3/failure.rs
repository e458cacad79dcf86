//! What an S3 endpoint's refusal means for the delivery.

use std::error::Error;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use lockgate_core::delivery::{Answer, Cause};

use crate::answer::{failed, late, refused};
use crate::egress::{Unanswered, chain};

/// A request that did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The object exists.
    Taken,
    /// The object or multipart upload does not exist.
    Missing(String),
    /// The credentials do not go that far.
    Forbidden(String),
    /// Anything else, as the answer that it is.
    Other(Answer),
}

impl Failure {
    pub(super) fn of<E>(doing: &str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let status = error.raw_response().map(|response| response.status().as_u16());
        let code = error.as_service_error().and_then(|error| error.code()).unwrap_or_default();
        let what = |status| format!("{doing}: S3 answered {status} {code}");
        match status {
            Some(412) => Self::Taken,
            Some(404) if code == "NoSuchBucket" => Self::Other(refused(what(404))),
            Some(404) => Self::Missing(what(404)),
            // Parts that are not there as they were noted: nothing that could be gone on with.
            Some(400) if matches!(code, "InvalidPart" | "InvalidPartOrder") => Self::Missing(what(400)),
            Some(status @ (401 | 403)) => Self::Forbidden(what(status)),
            Some(status @ (400 | 405)) if code != "RequestTimeout" => {
                Self::Other(Answer::refused(Cause::Refused, what(status)))
            }
            Some(429) => Self::Other(Answer::failed(Cause::Throttled, what(429))),
            Some(503) if code == "SlowDown" => Self::Other(Answer::failed(Cause::Throttled, what(503))),
            Some(status) if status >= 300 => Self::Other(Answer::failed(Cause::ServerError, what(status))),
            _ if matches!(error, SdkError::TimeoutError(_)) => Self::Other(late(format!("{doing}: {}", chain(error)))),
            _ => Self::Other(no_answer(doing, error)),
        }
    }

    pub(super) fn into_answer(self) -> Answer {
        match self {
            Self::Taken => failed("the object exists"),
            Self::Missing(what) => failed(what),
            Self::Forbidden(what) => Answer::refused(Cause::Unauthorized, what),
            Self::Other(answer) => answer,
        }
    }
}

fn no_answer(doing: &str, error: &(dyn Error + 'static)) -> Answer {
    let Some(Unanswered(answer)) = Unanswered::behind(error) else {
        return failed(format!("{doing}: {}", chain(error)));
    };
    let mut answer = answer.clone();
    if let Answer::Failed { error, .. } | Answer::Refused { error, .. } = &mut answer {
        *error = format!("{doing}: {error}");
    }
    answer
}
