//! Signs and verifies `{id}.{timestamp}.{content}`: by HMAC-SHA256 (`v1`) or Ed25519 (`v1a`).

use std::time::Duration;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use lockgate_core::time::Timestamp;

use super::secret::{Secret, Signer, Verifier, VerifyingKey};

/// Header that names the message, the same over all attempts.
pub const ID: &str = "webhook-id";
/// Header with the attempt's time in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// Header with the signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// What a signature by a shared secret begins with.
const SHARED: &str = "v1,";
/// What a signature by an Ed25519 pair begins with.
const PAIR: &str = "v1a,";

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
    let content = signed_content(id, &timestamp, content);
    let signed: Vec<String> = secrets
        .iter()
        .map(|secret| match &secret.0 {
            Signer::Shared(key) => format!("{SHARED}{}", STANDARD.encode(hmac::sign(key, &content))),
            Signer::Pair(pair) => format!("{PAIR}{}", STANDARD.encode(pair.sign(&content))),
        })
        .collect();
    [(ID, id.to_owned()), (TIMESTAMP, timestamp), (SIGNATURE, signed.join(" "))]
}

/// Checks a message as its receiver: signed for this key, at a time within `tolerance` of `now`. Comparison takes
/// constant time.
///
/// # Errors
///
/// When a header is missing, the time is off or no signature matches.
pub fn verify(
    key: &VerifyingKey,
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
    let matches = signatures.split(' ').any(|one| match &key.0 {
        Verifier::Shared(key) => tag(one, SHARED).is_some_and(|tag| hmac::verify(key, &signed, &tag).is_ok()),
        Verifier::Public(key) => {
            tag(one, PAIR).is_some_and(|tag| UnparsedPublicKey::new(&ED25519, key).verify(&signed, &tag).is_ok())
        }
    });
    if matches { Ok(()) } else { Err(VerifyError::Signature) }
}

fn tag(signature: &str, prefix: &str) -> Option<Vec<u8>> {
    signature.strip_prefix(prefix).and_then(|tag| STANDARD.decode(tag).ok())
}

fn signed_content(id: &str, timestamp: &str, content: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", content].concat()
}

#[cfg(test)]
mod tests;
