//! What the workers count and measure.

use std::time::Duration;

use lockgate_core::claim::{Claim, ClaimOrigin};
use opentelemetry::metrics::{Counter, Gauge, Histogram};
use opentelemetry::{KeyValue, global};

/// The kind of work, and how the host came by it.
pub(super) type Labels = (&'static str, &'static str);

/// What a claim is counted under.
pub(super) fn labels(claim: &Claim) -> Labels {
    let origin = match claim.origin {
        ClaimOrigin::Rung(_) => "rung",
        ClaimOrigin::Polled => "polled",
        ClaimOrigin::Onward => "onward",
        ClaimOrigin::Adopted => "adopted",
    };
    (claim.aggregate.work().kind(), origin)
}

/// The workers' instruments.
#[derive(Debug)]
pub(super) struct WorkMetrics {
    ended: Counter<u64>,
    seconds: Histogram<f64>,
    under_way: Gauge<u64>,
    waiting: Gauge<u64>,
}

impl WorkMetrics {
    pub(super) fn new() -> Self {
        let meter = global::meter("lockgate");
        Self {
            ended: meter
                .u64_counter("lockgate.work.ended")
                .with_description("Claims that this host worked on, by kind of work, how it came by them, and outcome")
                .build(),
            seconds: meter
                .f64_histogram("lockgate.work.duration")
                .with_unit("s")
                .with_description("Time from the beginning of the work on a claim to its end")
                .with_boundaries(vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0])
                .build(),
            under_way: meter
                .u64_gauge("lockgate.work.under_way")
                .with_description("Claims that this host works on right now")
                .build(),
            waiting: meter
                .u64_gauge("lockgate.work.waiting")
                .with_description("Claims that wait in this host for a place")
                .build(),
        }
    }

    pub(super) fn under_way(&self, claims: usize) {
        self.under_way.record(claims as u64, &[]);
    }

    pub(super) fn waiting(&self, claims: usize) {
        self.waiting.record(claims as u64, &[]);
    }

    /// Counts a claim of that kind and origin whose work ended so.
    pub(super) fn ended(&self, (kind, origin): Labels, outcome: &'static str, took: Duration) {
        let labels = [KeyValue::new("kind", kind), KeyValue::new("origin", origin), KeyValue::new("outcome", outcome)];
        self.ended.add(1, &labels);
        self.seconds.record(took.as_secs_f64(), &labels[..1]);
    }
}
