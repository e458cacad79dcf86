//! Joins spans with W3C trace contexts, so that nobody but the server knows OpenTelemetry's traces.

use std::str::FromStr;

use lockgate_core::trace::{TraceContext, Tracer};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TraceState as State,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The tracer of a host.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OtelTracer;

impl Tracer for OtelTracer {
    fn adopt(&self, span: &Span, parent: &TraceContext) {
        if let Some(context) = parent.0.as_deref().and_then(parse) {
            let remote = opentelemetry::Context::new().with_remote_span_context(context);
            if let Err(error) = span.set_parent(remote) {
                tracing::debug!(error = %error, "A span could not join its trace.");
            }
        }
    }

    fn context(&self, span: &Span) -> TraceContext {
        let context = span.context();
        let current = context.span().span_context().clone();
        TraceContext(
            current.is_valid().then(|| {
                format!("00-{}-{}-{:02x}", current.trace_id(), current.span_id(), current.trace_flags().to_u8())
            }),
        )
    }
}

/// Reads a `traceparent`; of later versions than ours the part that we know.
fn parse(text: &str) -> Option<SpanContext> {
    let mut fields = text.split('-');
    let version = fields.next().filter(|it| it.len() == 2 && *it != "ff")?;
    u8::from_str_radix(version, 16).ok()?;
    let trace = TraceId::from_hex(fields.next().filter(|it| it.len() == 32)?).ok()?;
    let span = SpanId::from_hex(fields.next().filter(|it| it.len() == 16)?).ok()?;
    let flags = u8::from_str_radix(fields.next().filter(|it| it.len() == 2)?, 16).ok()?;
    let state: State = TraceState::from_str("").ok()?;
    let context = SpanContext::new(trace, span, TraceFlags::new(flags), true, state);
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests;
