//! Publishes nudges with the producer of the commands.

use async_trait::async_trait;
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::{BusError, NudgeBus};
use rdkafka::producer::FutureRecord;

use crate::producer::KafkaBus;

#[async_trait]
impl NudgeBus for KafkaBus {
    async fn nudge(&self, nudges: &[Nudge]) -> Result<(), BusError> {
        let outcome = publish(self, nudges).await;
        if outcome.is_err() {
            // As with commands: the topic may be gone, or the producer unable to go on.
            let _ = self.recover().await;
        }
        outcome
    }
}

async fn publish(bus: &KafkaBus, nudges: &[Nudge]) -> Result<(), BusError> {
    let (connection, config) = bus.producer().await;
    let topic = config.nudge_topic();
    let mut sent = Vec::with_capacity(nudges.len());
    for nudge in nudges {
        let key = nudge.transfer.uuid().to_string();
        let value = serde_json::to_vec(nudge).map_err(|e| BusError(e.to_string()))?;
        let record = FutureRecord::to(&topic).key(&key).payload(&value);
        sent.push(connection.send_result(record).map_err(|(e, _)| BusError(e.to_string()))?);
    }
    for report in sent {
        report
            .await
            .map_err(|_| BusError("the producer was closed".to_owned()))?
            .map_err(|(e, _)| BusError(e.to_string()))?;
    }
    Ok(())
}
