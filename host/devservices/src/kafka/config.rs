//! The settings of a small, quick, single Kafka.

use std::path::Path;

use super::secured;

/// Half a gigabyte, one thread of garbage collection, no slow compiler: quick to start, small.
pub(super) const JVM: [&str; 7] = [
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
];

/// Where the node listens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ports {
    pub(super) broker: u16,
    pub(super) controller: u16,
    pub(super) secured: Option<secured::Ports>,
}

/// `server.properties`.
///
/// The voters are static: in a dynamic quorum they would be part of the data, and a later start
/// could not move to another port. A crashed broker's session ends after 4 s instead of 9, because
/// the next start waits for that.
pub(super) fn properties(Ports { broker, controller, secured }: Ports, data: &Path) -> String {
    let data = data.display();
    let more = secured.map(|ports| ports.listeners()).unwrap_or_default();
    format!(
        "process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}{more}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}{more}
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
num.network.threads=3
num.io.threads=4
"
    )
}
