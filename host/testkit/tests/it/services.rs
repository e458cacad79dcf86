//! The shared services are shared, real, and survive the runtime of the test that asked first.

use std::sync::Mutex;

use lockgate_testkit::services::{services, unique};
use tokio::net::TcpStream;

/// The endpoints that each test of this process saw.
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

async fn see_and_connect() {
    let services = services().await;
    TcpStream::connect(&services.kafka_brokers).await.expect("Kafka listens");
    let s3 = services.s3.endpoint.trim_start_matches("http://");
    TcpStream::connect(s3).await.expect("S3 listens");
    let mut seen = SEEN.lock().expect("no test panics while it holds the lock");
    seen.push(format!("{services:?}"));
    assert!(seen.iter().all(|earlier| earlier == &seen[0]), "two sets were started: {seen:?}");
}

#[tokio::test]
async fn every_test_gets_the_same_set() {
    see_and_connect().await;
}

#[tokio::test]
async fn the_set_outlives_the_runtime_of_the_test_that_asked_first() {
    see_and_connect().await;
}

#[tokio::test]
async fn a_database_url_differs_from_the_maintenance_url_in_its_last_part_only() {
    let services = services().await;
    let url = services.postgres_url_of("orders");
    assert_eq!(url.strip_suffix("/orders"), services.postgres_url.strip_suffix("/postgres"));
}

#[test]
fn unique_names_differ_and_need_no_quotes() {
    let (one, two) = (unique("orders"), unique("orders"));
    assert_ne!(one, two);
    assert!(one.starts_with("orders") && one.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
}
