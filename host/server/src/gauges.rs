//! Measures what no step of the work would: how much waits in the outbox, what is turned off, how the sandbox is doing, and
//! what uploads hold in memory.

use std::sync::Arc;
use std::time::Duration;

use lockgate_payloads::S3PayloadStore;
use lockgate_sandbox::Sandbox;
use lockgate_store::PgStore;
use opentelemetry::global;
use opentelemetry::metrics::Gauge;

const EVERY: Duration = Duration::from_secs(5);

/// Looks at the outbox and the sandbox every few seconds.
#[derive(Debug)]
pub(crate) struct Gauges {
    store: Arc<PgStore>,
    sandbox: Arc<Sandbox>,
    payloads: S3PayloadStore,
    outbox: Gauge<u64>,
    oldest: Gauge<f64>,
    waiting: Gauge<u64>,
    idle: Gauge<u64>,
    quarantined: Gauge<u64>,
    channels: Gauge<u64>,
    destinations: Gauge<u64>,
    held: Gauge<u64>,
}

impl Gauges {
    /// Gauges over a store, a sandbox and what goes to S3.
    pub(crate) fn new(store: Arc<PgStore>, sandbox: Arc<Sandbox>, payloads: S3PayloadStore) -> Self {
        let meter = global::meter("lockgate");
        let gauge = |name, about| meter.u64_gauge(name).with_description(about).build();
        Self {
            store,
            sandbox,
            payloads,
            outbox: gauge("lockgate.outbox.commands", "Commands in the outbox that Kafka does not have yet"),
            oldest: meter
                .f64_gauge("lockgate.outbox.oldest")
                .with_unit("s")
                .with_description("Age of the oldest command in the outbox")
                .build(),
            waiting: gauge("lockgate.sandbox.waiting", "Plugin calls that wait for a thread"),
            idle: gauge("lockgate.sandbox.idle", "Plugin instances kept to be used again"),
            quarantined: gauge(
                "lockgate.sandbox.quarantined",
                "Bindings that are not run because they faulted too often",
            ),
            channels: gauge("lockgate.disabled.channels", "Channels that are turned off"),
            destinations: gauge("lockgate.disabled.destinations", "Destinations that are turned off"),
            held: meter
                .u64_gauge("lockgate.s3.held")
                .with_unit("By")
                .with_description("Bytes on their way to S3 that this host holds in memory; at most `s3.buffer_bytes`")
                .build(),
        }
    }

    /// Measures for ever.
    pub(crate) async fn run(self) {
        loop {
            if let Ok((commands, age)) = self.store.outbox_backlog().await {
                self.outbox.record(commands, &[]);
                self.oldest.record(age.as_secs_f64(), &[]);
            }
            if let Ok(off) = self.store.turned_off().await {
                self.channels.record(off.channels, &[]);
                self.destinations.record(off.destinations, &[]);
            }
            self.held.record(self.payloads.held() as u64, &[]);
            let status = self.sandbox.status();
            self.waiting.record(status.waiting as u64, &[]);
            self.idle.record(status.idle as u64, &[]);
            self.quarantined.record(status.quarantined.len() as u64, &[]);
            tokio::time::sleep(EVERY).await;
        }
    }
}
