//! Kafka's jars, fetched once.

use std::path::PathBuf;

use crate::cache::{Entry, entry};
use crate::progress::Report;
use crate::services::Context;
use crate::tools::maven::{Coordinates, Maven};
use crate::{Service, StartError};

const VERSION: &str = "4.2.0";

const ARTEFACTS: [Coordinates; 2] = [
    ["org.apache.kafka", "kafka_2.13", VERSION],
    // Kafka's own jars bind no logger; without one, the reason of a failed start stays unknown.
    ["org.slf4j", "slf4j-simple", "1.7.36"],
];

/// The directory that holds the jars.
pub(super) async fn libs(context: &Context, report: &Report) -> Result<PathBuf, StartError> {
    let dir = match entry(&context.cache, &format!("kafka-{VERSION}")).await? {
        Entry::Present(dir) => dir,
        Entry::Absent(vacant) => {
            report.step(format!("fetching Apache Kafka {VERSION} by Maven (43 MB, once)"));
            let maven = Maven { service: Service::Kafka, spawner: &context.spawner, report };
            maven.fetch(&ARTEFACTS, vacant.dir()).await?;
            vacant.publish()?
        }
    };
    Ok(dir.join("libs"))
}
