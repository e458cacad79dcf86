//! The trail: logs, traces and metrics of the process, set up once before anything else.
//!
//! *Invariant:* no payload byte and no token reaches a log line, a span or a metric.

mod logs;
mod metrics;
mod steps;
mod tracer;
mod traces;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use prometheus::Registry;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub(crate) use metrics::exposition;
pub(crate) use tracer::OtelTracer;

use crate::config::Telemetry as Settings;

/// What must be flushed at the end, and what `/metrics` shows.
#[derive(Debug)]
pub(crate) struct Telemetry {
    traces: SdkTracerProvider,
    metrics: SdkMeterProvider,
    /// The instruments' values for `/metrics`.
    pub(crate) registry: Registry,
}

/// Sets up logs, traces and metrics. Exporters follow the standard `OTEL_*` variables; without an endpoint nothing
/// is exported, but spans still have ids, so that provenance names a trace.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<Telemetry> {
    let resource = Resource::builder()
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let resource = match std::env::var("OTEL_SERVICE_NAME") {
        Ok(_) => resource,
        Err(_) => Resource::builder()
            .with_service_name("lockgate")
            .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build(),
    };
    let traces = traces::provider(resource.clone())?;
    let (metrics, registry) = metrics::provider(resource)?;
    opentelemetry::global::set_meter_provider(metrics.clone());
    tracing_subscriber::registry()
        .with(logs::layer(settings)?)
        .with(traces::layer(&traces))
        .with(steps::Steps::new().with_filter(traces::ours()))
        .try_init()
        .map_err(|e| anyhow::anyhow!("logging is set up already: {e}"))?;
    Ok(Telemetry { traces, metrics, registry })
}

impl Telemetry {
    /// Sends what is left; waits for the exporters, so it runs on a blocking thread.
    pub(crate) async fn flush(self) {
        let flushed = tokio::task::spawn_blocking(move || {
            let traces = self.traces.shutdown();
            let metrics = self.metrics.shutdown();
            for error in [traces.err(), metrics.err()].into_iter().flatten() {
                tracing::warn!(error = %error, "The last telemetry could not be sent.");
            }
        });
        let _ = flushed.await;
    }
}
