//! What a listener counts.

use opentelemetry::metrics::{Counter, Gauge};
use opentelemetry::{KeyValue, global};

/// A listener's instruments.
#[derive(Debug)]
pub(super) struct Metrics {
    open: Gauge<u64>,
    refused: Counter<u64>,
    cut: Counter<u64>,
    name: KeyValue,
}

impl Metrics {
    pub(super) fn new(name: &'static str) -> Self {
        let meter = global::meter("lockgate");
        Self {
            open: meter.u64_gauge("lockgate.connections.open").with_description("Connections, by listener").build(),
            refused: meter
                .u64_counter("lockgate.connections.refused")
                .with_description("Connections that found no room, by listener and reason")
                .build(),
            cut: meter
                .u64_counter("lockgate.connections.cut")
                .with_description("Connections that were ended for what their clients did or left undone, by reason")
                .build(),
            name: KeyValue::new("listener", name),
        }
    }

    pub(super) fn open(&self, connections: usize) {
        self.open.record(connections as u64, std::slice::from_ref(&self.name));
    }

    pub(super) fn refused(&self, reason: &'static str) {
        self.refused.add(1, &[self.name.clone(), KeyValue::new("reason", reason)]);
    }

    pub(super) fn cut(&self, reason: &'static str) {
        self.cut.add(1, &[self.name.clone(), KeyValue::new("reason", reason)]);
    }
}
