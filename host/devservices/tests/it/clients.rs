//! The clients that the product uses, reduced to what these tests say.

use std::time::Duration;

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use lockgate_devservices::S3Endpoint;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use sqlx::{Connection, PgConnection};

pub(crate) fn s3(endpoint: &S3Endpoint) -> aws_sdk_s3::Client {
    let key = Credentials::new(&endpoint.access_key, &endpoint.secret_key, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&endpoint.endpoint)
        .region(Region::new(endpoint.region.clone()))
        .credentials_provider(key)
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    aws_sdk_s3::Client::from_conf(config)
}

pub(crate) async fn postgres(url: &str) -> PgConnection {
    PgConnection::connect(url).await.expect("Postgres lets its superuser in")
}

fn kafka(brokers: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "test");
    config
}

pub(crate) async fn create_topic(brokers: &str, topic: &str) {
    let admin: AdminClient<DefaultClientContext> = kafka(brokers).create().expect("valid settings");
    let topic = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
    let created = admin.create_topics([&topic], &AdminOptions::new()).await.expect("Kafka answers");
    created[0].as_ref().expect("the topic is new");
}

pub(crate) async fn produce(brokers: &str, topic: &str, payload: &str) {
    let producer: FutureProducer = kafka(brokers).create().expect("valid settings");
    let record = FutureRecord::<str, str>::to(topic).payload(payload);
    producer.send(record, Duration::from_secs(30)).await.expect("Kafka takes the record");
}

/// The first record of a topic's only partition.
pub(crate) async fn first_record(brokers: &str, topic: &str) -> String {
    let consumer: BaseConsumer = kafka(brokers).create().expect("valid settings");
    let mut start = TopicPartitionList::new();
    start.add_partition_offset(topic, 0, Offset::Beginning).expect("a valid offset");
    consumer.assign(&start).expect("a valid assignment");
    let polled = tokio::task::spawn_blocking(move || {
        let message = consumer.poll(Duration::from_secs(30)).expect("a record in time").expect("no error");
        message.detach()
    });
    let message = polled.await.expect("polling does not panic");
    String::from_utf8(message.payload().expect("a payload").to_vec()).expect("what was sent was text")
}

/// The topics that are not Kafka's own.
pub(crate) async fn topics(brokers: &str) -> Vec<String> {
    let consumer: BaseConsumer = kafka(brokers).create().expect("valid settings");
    let fetch = move || consumer.fetch_metadata(None, Duration::from_secs(30)).expect("Kafka answers");
    let metadata = tokio::task::spawn_blocking(fetch).await.expect("fetching does not panic");
    let names = metadata.topics().iter().map(|topic| topic.name().to_owned());
    names.filter(|name| !name.starts_with("__")).collect()
}
