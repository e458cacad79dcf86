//! What the other side's status means for the delivery.

use std::time::Duration;

use http::header::{ETAG, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use lockgate_core::delivery::Answer;
use lockgate_core::time::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// A receiver's own words are kept no longer than this.
const LONGEST_PROOF: usize = 200;

/// Worth another try.
pub(crate) fn failed(error: impl Into<String>) -> Answer {
    Answer::Failed { error: error.into(), retry_after: None }
}

/// Another try would not help, but the destination itself is all right.
pub(crate) fn refused(error: impl Into<String>) -> Answer {
    Answer::Refused { error: error.into(), disable: false }
}

/// Reads an HTTP status: 2xx is taken; 410 says that the destination is gone; other 4xx refuse this delivery, save
/// those that ask to come back (408, 409, 421, 423, 425, 429); everything else failed. Redirects are not followed.
pub(crate) fn of_status(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Answer {
    let code = status.as_u16();
    match code {
        200..=299 => Answer::Taken { receipt: receipt(status, headers) },
        410 => {
            Answer::Refused { error: "the receiver says that this destination is gone (410)".to_owned(), disable: true }
        }
        300..=399 => failed(format!("the receiver answered {code}; redirects are not followed, enter the final URL")),
        408 | 409 | 421 | 423 | 425 | 429 | 500.. => Answer::Failed {
            error: format!("the receiver answered {status}"),
            retry_after: headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now)),
        },
        _ => refused(format!("the receiver refused with {status}")),
    }
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
