//! Measures the steps of the pipeline from their spans: per plugin, per partner, per destination.
//!
//! Core and the adapters speak `tracing` only; what they put on a span about a step is what its metrics are labelled
//! with. *Invariant:* a label is an id, a word of ours or the name of a published plugin, never anything from a payload.

use std::time::Instant;

use opentelemetry::metrics::Histogram;
use opentelemetry::{KeyValue, global};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Which spans are steps, and which of their fields become labels.
const STEPS: [(&str, &[&str]); 5] = [
    ("plugin", &["plugin.name", "plugin.hook", "plugin.fault", "binding.owner"]),
    ("judge inbound", &["partner.id"]),
    ("judge outbound", &["partner.id"]),
    ("deliver", &["partner.id", "destination.id", "delivery.answer"]),
    ("notify", &["partner.id"]),
];

/// Watches spans end.
#[derive(Debug)]
pub(super) struct Steps {
    seconds: Histogram<f64>,
}

/// A step under way.
struct Step {
    since: Instant,
    wanted: &'static [&'static str],
    labels: Vec<KeyValue>,
}

impl Steps {
    /// Measures with the global meter, which must be set up before.
    pub(super) fn new() -> Self {
        let seconds = global::meter("lockgate")
            .f64_histogram("lockgate.step.duration")
            .with_unit("s")
            .with_description("Time that a step of the pipeline took, by step and by plugin, partner or destination")
            .with_boundaries(vec![0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0])
            .build();
        Self { seconds }
    }
}

impl<S> Layer<S> for Steps
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let name = attributes.metadata().name();
        let Some((_, wanted)) = STEPS.iter().find(|(step, _)| *step == name) else { return };
        let Some(span) = context.span(id) else { return };
        let mut step = Step { since: Instant::now(), wanted, labels: vec![KeyValue::new("step", name)] };
        attributes.record(&mut step);
        span.extensions_mut().insert(step);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(step) = span.extensions_mut().get_mut::<Step>()
        {
            values.record(step);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(step) = span.extensions_mut().remove::<Step>()
        {
            self.seconds.record(step.since.elapsed().as_secs_f64(), &step.labels);
        }
    }
}

impl Step {
    /// Sets a label; what is recorded again replaces what was.
    fn label(&mut self, field: &Field, value: String) {
        if self.wanted.contains(&field.name()) {
            self.labels.retain(|it| it.key.as_str() != field.name());
            self.labels.push(KeyValue::new(field.name(), value));
        }
    }
}

impl Visit for Step {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.label(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.label(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests;
