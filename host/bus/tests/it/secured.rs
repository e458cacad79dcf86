//! The bus on a Kafka behind TLS and a login: all of its clients speak as the settings say.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockgate_bus::{BusConfig, KafkaBus};
use lockgate_core::ports::TransferBus;
use lockgate_core::trace::NoTracer;
use lockgate_testkit::services::services;

use crate::bench::{commands, config};

async fn secured(password: &str) -> BusConfig {
    let kafka = &services().await.kafka_secured;
    let properties = [
        ("security.protocol", "sasl_ssl"),
        ("ssl.ca.pem", &kafka.authority),
        ("sasl.mechanisms", "SCRAM-SHA-256"),
        ("sasl.username", &kafka.user),
        ("sasl.password", password),
    ];
    let properties: BTreeMap<_, _> = properties.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    BusConfig { brokers: kafka.sasl_tls.clone(), properties, ..config().await }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_may_log_in_makes_its_topics_and_publishes() {
    let config = secured(&services().await.kafka_secured.password).await;
    let bus = KafkaBus::connect(&config, Arc::new(NoTracer)).await.expect("it may log in");
    bus.publish(&commands(0..10)).await.expect("Kafka takes them");
    bus.ping(Duration::from_secs(10)).await.expect("the topic is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_may_not_says_so_without_its_password() {
    let config = secured("hunter2").await;
    let error = KafkaBus::connect(&config, Arc::new(NoTracer)).await.expect_err("the password is wrong");
    assert!(!error.to_string().contains("hunter2") && !format!("{config:?}").contains("hunter2"), "{error}");
}
