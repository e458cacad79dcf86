//! What the other side's status means for the delivery.

use std::time::Duration;

use http::header::{ETAG, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use lockgate_core::delivery::{Answer, Cause, Response};
use lockgate_core::time::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// A receiver's own words are kept no longer than this.
const LONGEST_PROOF: usize = 200;

/// Of an answer's headers these are kept, because they tell why or where to look further.
const TELLING: [&str; 9] = [
    "content-type",
    "date",
    "location",
    "retry-after",
    "server",
    "traceparent",
    "via",
    "www-authenticate",
    "x-request-id",
];

/// The other side could not be reached, or did not keep up; worth another try.
pub(crate) fn failed(error: impl Into<String>) -> Answer {
    Answer::failed(Cause::Unreachable, error)
}

/// The other side was too slow; worth another try.
pub(crate) fn late(error: impl Into<String>) -> Answer {
    Answer::failed(Cause::TimedOut, error)
}

/// The other side says that it took what was not even sent: it cannot know what it took. Worth another try.
pub(crate) fn early(status: StatusCode, headers: &HeaderMap, sent: u64, size: u64) -> Answer {
    let error = format!("the receiver answered {status} when {sent} of {size} bytes were sent: nothing was taken");
    Answer::Failed { cause: Cause::ServerError, error, retry_after: None, response: Some(head(status, headers)) }
}

/// Our own trouble; worth another try.
pub(crate) fn ours(error: impl Into<String>) -> Answer {
    Answer::failed(Cause::OurTrouble, error)
}

/// A setting or secret of the destination is wrong: another try would not help.
pub(crate) fn refused(error: impl Into<String>) -> Answer {
    Answer::refused(Cause::Misconfigured, error)
}

/// The address must not be reached from here.
pub(crate) fn forbidden(error: impl Into<String>) -> Answer {
    Answer::refused(Cause::NotAllowed, error)
}

/// Reads an HTTP status: 2xx is taken; 410 says that the destination is gone; other 4xx refuse this delivery, save
/// those that ask to come back (408, 409, 421, 423, 425, 429); everything else failed. Redirects are not followed.
pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Answer {
    let code = status.as_u16();
    let failed =
        |cause, error, retry_after| Answer::Failed { cause, error, retry_after, response: Some(head(status, headers)) };
    let refused =
        |cause, error, disable| Answer::Refused { cause, error, disable, response: Some(head(status, headers)) };
    match code {
        200..=299 => Answer::Taken { receipt: receipt(status, headers) },
        410 => refused(Cause::Gone, "the receiver says that this destination is gone (410)".to_owned(), true),
        300..=399 => {
            let why = format!("the receiver answered {code}; redirects are not followed, enter the final URL");
            failed(Cause::Misconfigured, why, None)
        }
        408 | 409 | 421 | 423 | 425 | 429 | 500.. => {
            let cause = match code {
                429 => Cause::Throttled,
                409 | 423 => Cause::Conflict,
                408 | 425 => Cause::TimedOut,
                _ => Cause::ServerError,
            };
            failed(cause, format!("the receiver answered {status}"), asked(headers, now))
        }
        401 | 403 => refused(Cause::Unauthorized, format!("the receiver refused with {status}"), false),
        _ => refused(Cause::Refused, format!("the receiver refused with {status}"), false),
    }
}

/// Reads the status that a channel gave, as Standard Webhooks has it: 2xx is taken, 410 says that the channel is gone, and
/// everything else is tried again by the schedule. A receiver that is being set up or moved refuses what it will take later.
pub(crate) fn of_message(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Answer {
    match of_status(status, headers, now) {
        Answer::Refused { cause, error, disable: false, response } => {
            Answer::Failed { cause, error, retry_after: asked(headers, now), response }
        }
        answer => answer,
    }
}

/// When the other side asked to come back.
fn asked(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now))
}

/// The head of an answer as it is kept.
fn head(status: StatusCode, headers: &HeaderMap) -> Response {
    let kept = TELLING.iter().filter_map(|name| {
        let value = headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.chars().take(LONGEST_PROOF).collect()))
    });
    Response { status: status.as_u16(), headers: kept.collect() }
}

/// `status`, and what the receiver said about where it put the payload.
fn receipt(status: StatusCode, headers: &HeaderMap) -> String {
    let mut receipt = status.as_u16().to_string();
    for name in [LOCATION, ETAG] {
        if let Some(value) = headers.get(&name).and_then(|value| value.to_str().ok()) {
            let value: String = value.chars().take(LONGEST_PROOF).collect();
            receipt = format!("{receipt} {name}={value}");
        }
    }
    receipt
}

/// Seconds, or the time left until an HTTP date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    // An HTTP date is an RFC 2822 date whose zone is written the old way.
    let date = OffsetDateTime::parse(&value.replace("GMT", "+0000"), &Rfc2822).ok()?;
    Some((date - now).try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests;
