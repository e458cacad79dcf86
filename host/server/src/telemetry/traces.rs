//! Traces: spans of `tracing` become OpenTelemetry spans, exported by OTLP where an endpoint is set.

use anyhow::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::runtime::Tokio;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

/// How the targets of our own spans begin: those of libraries are many and say little to whoever follows a transfer.
const OURS: &str = "lockgate";

/// The provider, with an exporter if `OTEL_EXPORTER_OTLP_ENDPOINT` or its variant for traces is set.
pub(super) fn provider(resource: Resource) -> anyhow::Result<SdkTracerProvider> {
    let builder = SdkTracerProvider::builder().with_resource(resource);
    if !configured("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
        return Ok(builder.build());
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .build()
        .context("the trace exporter cannot be made: check OTEL_EXPORTER_OTLP_ENDPOINT")?;
    Ok(builder.with_span_processor(BatchSpanProcessor::builder(exporter, Tokio).build()).build())
}

/// The layer that makes OpenTelemetry spans.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("lockgate"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(ours())
}

/// Lets our own spans through.
pub(super) fn ours() -> Targets {
    Targets::new().with_target(OURS, Level::INFO)
}

/// Whether the standard variables name an endpoint.
pub(super) fn configured(specific: &str) -> bool {
    [specific, "OTEL_EXPORTER_OTLP_ENDPOINT"].iter().any(|name| std::env::var_os(name).is_some_and(|it| !it.is_empty()))
}
