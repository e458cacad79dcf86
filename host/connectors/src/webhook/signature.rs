//! Signs and verifies: HMAC-SHA256 over `{id}.{timestamp}.{content}`.

use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use lockgate_core::time::Timestamp;

use super::secret::Secret;

/// Header that names the message, the same over all attempts.
pub const ID: &str = "webhook-id";
/// Header with the attempt's time in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header with the signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// The message is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A header is missing or unreadable.
    #[error("header `{0}` is missing or unreadable")]
    Header(&'static str),
    /// Signed too long ago, or in the future: perhaps a repeat.
    #[error("the message was not signed within the tolerated time")]
    Time,
    /// None of the signatures is right.
    #[error("no signature matches")]
    Signature,
}

/// The three headers of a message.
pub fn sign(secrets: &[Secret], id: &str, at: Timestamp, content: &[u8]) -> [(&'static str, String); 3] {
    let timestamp = at.unix_timestamp().to_string();
    let signed: Vec<String> = secrets
        .iter()
        .map(|secret| {
            let tag = hmac::sign(&secret.0, &signed_content(id, &timestamp, content));
            format!("v1,{}", STANDARD.encode(tag))
        })
        .collect();
    [(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signed.join(" "))]
}

/// Checks a message as its receiver: signed with this secret, at a time within `tolerance` of `now`. Comparison takes
/// constant time.
///
/// # Errors
///
/// When a header is missing, the time is off or no signature matches.
pub fn verify(
    secret: &Secret,
    headers: &HeaderMap,
    content: &[u8],
    now: Timestamp,
    tolerance: Duration,
) -> Result<(), VerifyError> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).ok_or(VerifyError::Header(name));
    let (id, timestamp, signatures) = (header(ID)?, header(TIMESTAMP)?, header(SIGNATURE)?);
    let seconds: i64 = timestamp.parse().map_err(|_| VerifyError::Header(TIMESTAMP))?;
    if now.unix_timestamp().abs_diff(seconds) > tolerance.as_secs() {
        return Err(VerifyError::Time);
    }
    let signed = signed_content(id, timestamp, content);
    let matches = signatures
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"))
        .any(|tag| STANDARD.decode(tag).is_ok_and(|tag| hmac::verify(&secret.0, &signed, &tag).is_ok()));
    if matches { Ok(()) } else { Err(VerifyError::Signature) }
}

fn signed_content(id: &str, timestamp: &str, content: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", content].concat()
}

#[cfg(test)]
mod tests;
