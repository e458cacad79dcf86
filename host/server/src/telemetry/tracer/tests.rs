//! Trace contexts are read strictly and a span carries its parent's trace.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt;

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_span_continues_the_trace_that_it_adopts() {
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let span = tracing::info_span!("claim");
        OtelTracer.adopt(&span, &TraceContext(Some(PARENT.to_owned())));
        let carried = OtelTracer.context(&span);
        assert_eq!(carried.trace_id(), Some("0af7651916cd43dd8448eb211c80319c"));
        assert_ne!(carried.0.as_deref(), Some(PARENT), "the span has an id of its own");
    });
}

#[test]
fn what_is_no_trace_context_is_not_believed() {
    for text in [
        "",
        "00",
        "00-0-0-0",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    ] {
        assert_eq!(parse(text), None, "{text}");
    }
    assert!(parse(PARENT).is_some());
}
