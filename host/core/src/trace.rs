//! Trace context that travels with the work, so that upload, relay, claim and delivery join into one trace.

use serde::{Deserialize, Serialize};

/// A W3C `traceparent`, or nothing. Core carries it and never interprets more than the trace id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TraceContext(pub Option<String>);

impl TraceContext {
    /// The 32-digit trace id, if there is a well-formed context.
    pub fn trace_id(&self) -> Option<&str> {
        let id = self.0.as_deref()?.split('-').nth(1)?;
        (id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit())).then_some(id)
    }
}
