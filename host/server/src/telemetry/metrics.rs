//! Metrics: every instrument is shown at `/metrics` and, where an endpoint is set, exported by OTLP.

use anyhow::Context;
use opentelemetry_otlp::{MetricExporter, Protocol, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::metrics::periodic_reader_with_async_runtime::PeriodicReader;
use opentelemetry_sdk::runtime::Tokio;
use prometheus::{Encoder, Registry, TextEncoder};

use super::traces::configured;

/// The provider and the registry behind `/metrics`.
pub(super) fn provider(resource: Resource) -> anyhow::Result<(SdkMeterProvider, Registry)> {
    let registry = Registry::new();
    let shown = opentelemetry_prometheus::exporter()
        .with_registry(registry.clone())
        .without_target_info()
        .scope_info_enabled(false)
        .build()
        .context("the metrics registry cannot be made")?;
    let mut builder = SdkMeterProvider::builder().with_resource(resource).with_reader(shown);
    if configured("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") {
        let exporter = MetricExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .build()
            .context("the metrics exporter cannot be made: check OTEL_EXPORTER_OTLP_ENDPOINT")?;
        builder = builder.with_reader(PeriodicReader::builder(exporter, Tokio).build());
    }
    Ok((builder.build(), registry))
}

/// The values in Prometheus' text form, with their media type.
pub(crate) fn exposition(registry: &Registry) -> anyhow::Result<(String, Vec<u8>)> {
    let encoder = TextEncoder::new();
    let mut text = vec![];
    encoder.encode(&registry.gather(), &mut text).context("the metrics cannot be written")?;
    Ok((encoder.format_type().to_owned(), text))
}
