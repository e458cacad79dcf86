//! Commands become claims, once, with their offsets committed only after the claim.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::claim::ClaimOrigin;
use lockgate_core::ports::TransferBus;
use lockgate_testkit::waiting::until_so;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use crate::bench::{Ledger, bus, commands, config, listen, next, works};

/// How many commands the hosts' group has committed.
async fn committed(config: &lockgate_bus::BusConfig) -> i64 {
    let config = config.clone();
    let read = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("group.id", config.group())
            .create()
            .expect("a consumer can be made");
        let mut wanted = TopicPartitionList::new();
        for partition in 0..config.partitions {
            wanted.add_partition(&config.topic(), partition);
        }
        let offsets = consumer.committed_offsets(wanted, Duration::from_secs(10)).expect("Kafka answers");
        offsets.elements().iter().map(|it| if let Offset::Offset(at) = it.offset() { at } else { 0 }).sum()
    });
    read.await.expect("the reader does not panic")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_claimed_once_and_knows_its_position() {
    let config = config().await;
    let ledger = Arc::default();
    let bus = bus(&config).await;
    bus.publish(&commands(0..50)).await.expect("Kafka takes them");
    bus.publish(&commands(0..50)).await.expect("Kafka takes repeats as well");
    let (_listener, mut claims) = listen(&config, &ledger, 100);
    let got = next(&mut claims, 50).await;
    assert_eq!(works(&got).len(), 50);
    assert!(got.iter().all(|it| matches!(&it.origin, ClaimOrigin::Rung(ring) if ring.topic == config.topic())));
    until_so("all 100 commands are committed", async || committed(&config).await == 100).await;
    assert!(claims.try_recv().is_err(), "a repeat claims nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_committed_while_the_database_is_away_and_nothing_is_lost() {
    let config = config().await;
    let ledger: Arc<Ledger> = Arc::default();
    ledger.set_away(true);
    bus(&config).await.publish(&commands(0..10)).await.expect("Kafka takes them");
    let (_listener, mut claims) = listen(&config, &ledger, 100);
    until_so("the claim was tried again", async || ledger.asked().len() > 20).await;
    assert_eq!(committed(&config).await, 0);
    ledger.set_away(false);
    assert_eq!(works(&next(&mut claims, 10).await).len(), 10);
    until_so("all are committed", async || committed(&config).await == 10).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_host_stops_reading_and_goes_on_when_it_has_room() {
    let config = config().await;
    let ledger: Arc<Ledger> = Arc::default();
    bus(&config).await.publish(&commands(0..40)).await.expect("Kafka takes them");
    let (_listener, mut claims) = listen(&config, &ledger, 4);
    until_so("the queue is full", async || claims.len() == 4).await;
    let first = next(&mut claims, 1).await;
    until_so("room was used", async || claims.len() == 4).await;
    assert!(ledger.asked().len() <= 8, "a full host claimed {} commands", ledger.asked().len());
    let rest = next(&mut claims, 39).await;
    assert_eq!(works(&first).union(&works(&rest)).count(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_command_is_skipped() {
    let config = config().await;
    let bus = bus(&config).await;
    let producer: FutureProducer =
        ClientConfig::new().set("bootstrap.servers", &config.brokers).create().expect("a producer can be made");
    let topic = config.topic();
    for _ in 0..3 {
        let record = FutureRecord::<str, str>::to(&topic).payload("not a command");
        producer.send(record, Duration::from_secs(10)).await.expect("Kafka takes it");
    }
    bus.publish(&commands(0..3)).await.expect("Kafka takes them");
    let (_listener, mut claims) = listen(&config, &Arc::default(), 10);
    assert_eq!(works(&next(&mut claims, 3).await).len(), 3);
    until_so("the malformed ones are behind us too", async || committed(&config).await == 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_share_the_work_and_one_takes_over_when_the_other_leaves() {
    let config = config().await;
    let bus = bus(&config).await;
    let (one, two): (Arc<Ledger>, Arc<Ledger>) = Default::default();
    // Room for all that is sent until both have joined, however long that takes: a host that is full rings for nobody.
    let (mut first, mut first_claims) = listen(&config, &one, 1_000_000);
    let (_second, mut second_claims) = listen(&config, &two, 1_000_000);
    let mut sent = 0;
    until_so("both hosts are rung", async || {
        bus.publish(&commands(sent..sent + 20)).await.expect("Kafka takes them");
        sent += 20;
        !one.asked().is_empty() && !two.asked().is_empty()
    })
    .await;
    first.stop();
    tokio::time::timeout(Duration::from_secs(30), first.ended()).await.expect("it stops soon").expect("and well");
    bus.publish(&commands(100_000..100_040)).await.expect("Kafka takes them");
    until_so("the other host took over all partitions", async || {
        two.asked().iter().filter(|it| it.command.work.uuid().as_u128() > 100_000).count() >= 40
    })
    .await;
    first_claims.close();
    second_claims.close();
}
