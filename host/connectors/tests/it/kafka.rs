//! Deliveries to a real Kafka: the record, its headers, and topics that are not a partner's.

use std::time::Duration;

use bytes::Bytes;
use lockgate_connectors::{ConnectorsConfig, EgressConfig, InstallationKafka};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, KafkaOptions, KafkaPayload};
use lockgate_core::ports::Connector as _;
use lockgate_testkit::services::{services, unique};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use time::macros::datetime;

use crate::world::{TRACE, World, config, is_refused};

pub(crate) async fn topic() -> String {
    let topic = unique("inbox");
    let admin: AdminClient<DefaultClientContext> = client().await.create().unwrap();
    let wanted = NewTopic::new(&topic, 1, TopicReplication::Fixed(1));
    let created = admin.create_topics(&[wanted], &AdminOptions::new()).await.unwrap();
    assert_eq!(created, [Ok(topic.clone())]);
    topic
}

async fn client() -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &services().await.kafka_brokers).set("group.id", "test");
    config
}

async fn world() -> World {
    let brokers = services().await.kafka_brokers.clone();
    World::with(&ConnectorsConfig {
        kafka: Some(InstallationKafka {
            brokers,
            topic_prefix: "lockgate.".to_owned(),
            ..InstallationKafka::default()
        }),
        public_url: Some("https://gate.example/".to_owned()),
        ..config()
    })
}

pub(crate) async fn only_record(topic: &str) -> OwnedMessage {
    let consumer: BaseConsumer = client().await.create().unwrap();
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&all).unwrap();
    let polling = tokio::task::spawn_blocking(move || {
        let message = consumer.poll(Duration::from_secs(30)).expect("a record within 30 s").unwrap().detach();
        let (_, high) = consumer.fetch_watermarks(message.topic(), 0, Duration::from_secs(10)).unwrap();
        assert_eq!(high, 1, "one record");
        message
    });
    polling.await.unwrap()
}

fn header(message: &OwnedMessage, name: &str) -> String {
    let headers = message.headers().unwrap();
    let found = headers.iter().find(|header| header.key == name).unwrap_or_else(|| panic!("no header {name}"));
    String::from_utf8(found.value.unwrap().to_vec()).unwrap()
}

fn to(topic: &str, brokers: Option<String>) -> Endpoint {
    Endpoint::Kafka { topic: topic.to_owned(), brokers, options: KafkaOptions::default() }
}

#[tokio::test]
async fn a_small_payload_is_the_record() {
    let (topic, world) = (topic().await, world().await);
    let mut consigned = world.consigned(to(&topic, None), "a,b\n1,2\n");
    consigned.delivery.created_at = datetime!(2026-11-06 08:49:37 UTC);
    let answer = world.connectors.deliver(&consigned).await.answer;
    assert_eq!(answer, Answer::Taken { receipt: format!("{topic}-0-0") });
    let record = only_record(&topic).await;
    assert_eq!(record.payload(), Some(&b"a,b\n1,2\n"[..]));
    assert_eq!(record.key(), Some(consigned.transfer.to_string().as_bytes()));
    assert_eq!(header(&record, "ce_id"), consigned.delivery.id.to_string());
    assert_eq!(header(&record, "ce_type"), "com.lockgate.consignment.delivered");
    assert_eq!(header(&record, "ce_source"), "/partners/acme");
    assert_eq!(header(&record, "ce_specversion"), "1.0");
    assert_eq!(header(&record, "ce_time"), "2026-11-06T08:49:37Z", "the same over all attempts, as the id is");
    assert_eq!(header(&record, "lockgate-file-name"), "Rechnung ü 8.csv");
    assert_eq!(header(&record, "content-type"), "text/csv");
    assert_eq!(header(&record, "traceparent"), TRACE);
}

#[tokio::test]
async fn a_large_payload_is_pointed_at() {
    let (topic, world) = (topic().await, world().await);
    let consigned = world.consigned(to(&topic, None), Bytes::from(vec![0; 512 * 1024 + 1]));
    let answer = world.connectors.deliver(&consigned).await.answer;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    let record = only_record(&topic).await;
    let pointer: serde_json::Value = serde_json::from_slice(record.payload().unwrap()).unwrap();
    let (transfer, delivery) = (consigned.transfer, consigned.delivery.id);
    assert_eq!(
        pointer["url"],
        format!("https://gate.example/transfers/{transfer}/payload?delivery={delivery}"),
        "the bytes of this delivery, which need not be the consignment's"
    );
    assert_eq!(pointer["sha256"], consigned.payload.digest.hex());
    assert_eq!(pointer["size"], 512 * 1024 + 1);
    assert_eq!(header(&record, "content-type"), "application/vnd.lockgate.pointer+json");
}

#[tokio::test]
async fn a_partners_own_brokers_are_used_where_they_may_be_reached() {
    let topic = topic().await;
    let brokers = services().await.kafka_brokers.clone();
    let answer = World::new().deliver(to(&topic, Some(brokers.clone())), "x").await;
    assert_eq!(answer, Answer::Taken { receipt: format!("{topic}-0-0") });

    let egress = EgressConfig { allow: vec![], ports: vec![], ..config().egress };
    let closed = World::with(&ConnectorsConfig { egress, ..config() });
    let answer = closed.deliver(to(&topic, Some(brokers)), "x").await;
    assert!(is_refused(&answer), "{answer:?}");
}

#[tokio::test]
async fn the_installations_own_topics_are_nobodys_destination() {
    let answer = world().await.deliver(to("lockgate.commands", None), "x").await;
    assert!(is_refused(&answer), "{answer:?}");
}

#[tokio::test]
async fn without_brokers_there_is_nowhere_to_go() {
    let answer = World::new().deliver(to("inbox", None), "x").await;
    assert!(is_refused(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_record_has_the_key_and_headers_that_the_destination_wants() {
    let (topic, world) = (topic().await, world().await);
    let options = KafkaOptions {
        payload: KafkaPayload::Pointer,
        key: Some("{sender}:{consignment}".to_owned()),
        headers: [("origin".to_owned(), "{sender}/{file}".to_owned())].into(),
        ..KafkaOptions::default()
    };
    let endpoint = Endpoint::Kafka { topic: topic.clone(), brokers: None, options };
    let consigned = world.consigned(endpoint, "small");
    assert!(matches!(world.connectors.deliver(&consigned).await.answer, Answer::Taken { .. }));
    let record = only_record(&topic).await;
    assert_eq!(record.key(), Some(format!("acme:{}", consigned.delivery.consignment).as_bytes()));
    assert_eq!(header(&record, "origin"), "acme/Rechnung___8.csv");
    assert_eq!(header(&record, "content-type"), "application/vnd.lockgate.pointer+json", "small, and pointed at");
}

#[tokio::test]
async fn a_destination_that_takes_no_pointers_refuses_what_is_too_large() {
    let options = KafkaOptions { payload: KafkaPayload::Inline, ..KafkaOptions::default() };
    let endpoint = Endpoint::Kafka { topic: topic().await, brokers: None, options };
    let answer = world().await.deliver(endpoint, Bytes::from(vec![0; 512 * 1024 + 1])).await;
    assert!(is_refused(&answer), "{answer:?}");
}

/// librdkafka's own broker of one process: a real one has no way to refuse once and agree the next time.
#[tokio::test]
async fn a_producer_that_was_refused_its_id_is_refused_for_good_and_replaced() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("inbox", 1, 1).unwrap();
    let denied = RDKafkaRespErr::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
    cluster.request_errors(RDKafkaApiKey::InitProducerId, &[denied]);
    let (world, endpoint) = (World::new(), to("inbox", Some(cluster.bootstrap_servers())));
    let first = world.deliver(endpoint.clone(), "x").await;
    assert!(matches!(first, Answer::Refused { cause: Cause::Unauthorized, .. }), "{first:?}");
    // The receiver gave the right meanwhile.
    let second = world.deliver(endpoint, "x").await;
    assert_eq!(second, Answer::Taken { receipt: "inbox-0-0".to_owned() });
}
