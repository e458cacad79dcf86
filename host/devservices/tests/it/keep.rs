//! Data outlives a stop, and one directory has one owner.

use lockgate_devservices::{Endpoints, Service, Services, StartError};
use sqlx::Executor;

use crate::clients::{create_topic, first_record, postgres, produce, s3};
use crate::place::{kept_in, naming, runs};

#[tokio::test]
async fn all_three_answer_real_clients_and_keep_their_data_over_a_stop() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let services = Services::start(kept_in(dir.path())).await.expect("the services start");
    let endpoints = services.endpoints().clone();
    let Endpoints { kafka_brokers: Some(brokers), postgres_url: Some(url), s3: Some(s3_endpoint), .. } = &endpoints
    else {
        panic!("an endpoint is missing: {endpoints:?}");
    };
    create_topic(brokers, "kept").await;
    produce(brokers, "kept", "ring").await;
    let mut truth = postgres(url).await;
    truth.execute("create table kept as select 'truth' as what").await.expect("the superuser may create tables");
    let bytes = s3(s3_endpoint);
    bytes.create_bucket().bucket("kept").send().await.expect("a new bucket");
    bytes.put_object().bucket("kept").key("a/b").body(b"bytes".to_vec().into()).send().await.expect("a new object");
    let pids: Vec<u32> = Service::ALL.iter().filter_map(|service| services.pid(*service)).collect();
    assert_eq!(pids.len(), 2, "Kafka and Postgres are children");

    services.stop().await;
    assert!(pids.iter().all(|pid| !runs(*pid)), "stopped means that no child runs");
    assert_eq!(naming(dir.path()), [0_u32; 0]);

    let services = Services::start(kept_in(dir.path())).await.expect("the services start again");
    let again = services.endpoints();
    assert_eq!(again.postgres_url.as_deref().map(without_port), endpoints.postgres_url.as_deref().map(without_port));
    let brokers = again.kafka_brokers.as_deref().expect("Kafka was started");
    assert_eq!(first_record(brokers, "kept").await, "ring");
    let mut truth = postgres(&services.postgres_url("postgres").expect("Postgres was started")).await;
    let what: String =
        sqlx::query_scalar("select what from kept").fetch_one(&mut truth).await.expect("the table is there");
    assert_eq!(what, "truth");
    let bytes = s3(again.s3.as_ref().expect("S3 was started"));
    let object = bytes.get_object().bucket("kept").key("a/b").send().await.expect("the object is there");
    assert_eq!(object.body.collect().await.expect("its bytes").into_bytes(), b"bytes".as_slice());
    services.stop().await;
}

/// Ports are kept if they are free, which another process may prevent; the rest of a URL is kept always.
fn without_port(url: &str) -> &str {
    url.rsplit_once(':').expect("a URL with a port").0
}

#[tokio::test]
async fn a_second_start_on_the_same_directory_is_refused_and_told_who_has_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let only_s3 = || kept_in(dir.path()).only([Service::S3]);
    let first = Services::start(only_s3()).await.expect("the first start");
    let refused = Services::start(only_s3()).await.expect_err("the directory is taken");
    assert!(
        matches!(&refused, StartError::Locked { holder, .. } if *holder == std::process::id().to_string()),
        "{refused}"
    );
    first.stop().await;
    Services::start(only_s3()).await.expect("the directory is free again").stop().await;
}

#[tokio::test]
async fn what_is_configured_is_used_and_not_started() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let configured = Endpoints {
        kafka_brokers: Some("kafka.example:9092".into()),
        kafka_secured: None,
        postgres_url: Some("postgres://app@db.example/lockgate".into()),
        s3: None,
    };
    let services = Services::start(kept_in(dir.path()).configured(configured.clone())).await.expect("S3 alone starts");
    assert_eq!(services.endpoints().kafka_brokers, configured.kafka_brokers);
    assert_eq!(services.postgres_url("other").as_deref(), Some("postgres://app@db.example/other"));
    assert!(services.endpoints().s3.is_some());
    assert_eq!(services.pid(Service::Kafka), None);
    assert_eq!(services.pid(Service::Postgres), None);
    services.stop_service(Service::Postgres).await.expect_err("a configured service is not ours to stop");
    services.stop().await;
}
