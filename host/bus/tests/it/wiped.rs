//! Kafka loses the topic, and the bus goes on by itself.

use std::sync::Arc;

use lockgate_core::ports::TransferBus;
use lockgate_testkit::waiting::until_so;

use crate::bench::{Ledger, bus, commands, config, delete_topic, listen, next, works};

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_vanished_is_made_again_and_both_ends_go_on() {
    let config = config().await;
    let ledger: Arc<Ledger> = Arc::default();
    let bus = bus(&config).await;
    let (_listener, mut claims) = listen(&config, &ledger, 1000);
    bus.publish(&commands(0..20)).await.expect("Kafka takes them");
    next(&mut claims, 20).await;

    delete_topic(&config).await;
    // The relay publishes what is still in the outbox until it succeeds; so does this.
    until_so("commands are taken again", async || bus.publish(&commands(100..110)).await.is_ok()).await;
    let got = next(&mut claims, 10).await;
    assert_eq!(works(&got).len(), 10);
}
