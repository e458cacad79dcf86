//! Commands reach Kafka acknowledged, keyed and in order.

use std::collections::HashMap;
use std::time::Duration;

use lockgate_core::command::Command;
use lockgate_core::ports::TransferBus;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};

use crate::bench::{bus, command, config};

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_one_aggregate_stay_in_order_on_one_partition() {
    let config = config().await;
    let bus = bus(&config).await;
    let sent: Vec<Command> =
        (0..60_u8).map(|n| Command { version: 10 + i64::from(n / 6), ..command(u128::from(n % 6)) }).collect();
    bus.publish(&sent).await.expect("Kafka takes them");

    let topic = config.topic();
    let read = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &config.brokers)
            .set("group.id", config.prefix.clone() + "-reader")
            .set("auto.offset.reset", "earliest")
            .create()
            .expect("a consumer can be made");
        consumer.subscribe(&[&topic]).expect("the topic can be subscribed");
        let mut read = vec![];
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while read.len() < 60 && std::time::Instant::now() < deadline {
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(200)) {
                let parent = message.headers().and_then(|headers| {
                    let header = headers.iter().find(|it| it.key == "traceparent")?;
                    header.value.map(<[u8]>::to_vec)
                });
                let command: Command = serde_json::from_slice(message.payload().expect("a value")).expect("a command");
                read.push((message.key().expect("a key").to_vec(), message.partition(), command, parent));
            }
        }
        read
    });
    let read = read.await.expect("the reader does not panic");

    assert_eq!(read.len(), 60);
    let mut partitions = HashMap::new();
    let mut versions: HashMap<_, Vec<i64>> = HashMap::new();
    for (key, partition, command, parent) in read {
        assert_eq!(key, command.work.uuid().to_string().into_bytes());
        assert_eq!(parent.as_deref(), Some(crate::bench::PARENT.as_bytes()));
        assert_eq!(*partitions.entry(key).or_insert(partition), partition);
        versions.entry(command.work).or_default().push(command.version);
    }
    assert!(versions.values().all(|it| it.is_sorted() && it.len() == 10), "{versions:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_finds_the_topic_and_names_a_silent_broker() {
    let config = config().await;
    bus(&config).await.ping(Duration::from_secs(10)).await.expect("the shared Kafka answers");
    let nowhere = lockgate_bus::BusConfig { brokers: "127.0.0.1:1".to_owned(), ..config };
    let refused = lockgate_bus::KafkaBus::connect(&nowhere, std::sync::Arc::new(lockgate_core::trace::NoTracer)).await;
    let message = refused.expect_err("nobody listens there").to_string();
    assert!(message.contains("127.0.0.1:1"), "{message}");
}
