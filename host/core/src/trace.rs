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

/// Joins spans of `tracing` with trace contexts; the server implements it over OpenTelemetry, so that nobody else
/// needs to know it.
pub trait Tracer: Send + Sync + std::fmt::Debug {
    /// Makes a span, not yet entered, a child of that context.
    fn adopt(&self, span: &tracing::Span, parent: &TraceContext);
    /// The context of a span, to be carried on.
    fn context(&self, span: &tracing::Span) -> TraceContext;
}

/// Traces nothing; for unit tests and tools.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTracer;

impl Tracer for NoTracer {
    fn adopt(&self, _span: &tracing::Span, _parent: &TraceContext) {}

    fn context(&self, _span: &tracing::Span) -> TraceContext {
        TraceContext::default()
    }
}
