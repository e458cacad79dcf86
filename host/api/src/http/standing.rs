//! Where a user stands with its rate limit, as headers: the IETF draft's pair, and the three that clients know today.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_core::rate::Standing;

/// Adds the headers.
pub(crate) fn write(standing: &Standing, headers: &mut HeaderMap) {
    let (limit, window) = (standing.limit.requests, seconds(standing.limit.window));
    let (remaining, reset) = (standing.remaining, seconds(standing.reset));
    for (name, value) in [
        ("ratelimit-policy", format!("\"requests\";q={limit};w={window}")),
        ("ratelimit", format!("\"requests\";r={remaining};t={reset}")),
        ("ratelimit-limit", limit.to_string()),
        ("ratelimit-remaining", remaining.to_string()),
        ("ratelimit-reset", reset.to_string()),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_str(&value).expect("digits are ASCII"));
    }
}

/// Whole seconds, rounded up: who waits so long does not come too early.
pub(crate) fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
