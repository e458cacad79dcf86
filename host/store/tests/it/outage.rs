//! A database that goes away is an outage, not a bug, and ends when it is back.

use std::time::Duration;

use lockgate_core::id::HostId;
use lockgate_core::ports::{StoreError, TransferStore};
use lockgate_devservices::{Options, Service, Services};
use lockgate_store::{PgStore, StoreConfig, create_database, migrate};
use lockgate_testkit::waiting::until;

use crate::world::{key, now};

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_postgres_is_an_outage_that_ends_by_itself() {
    let services = Services::start(Options::for_tests().only([Service::Postgres])).await.expect("a Postgres");
    let url = services.postgres_url("restarted").expect("a URL");
    create_database(&url).await.expect("a database");
    create_database(&url).await.expect("a repeat is harmless");
    migrate(&url).await.expect("a schema");
    migrate(&url).await.expect("a repeat is harmless");
    let config = StoreConfig { acquire_timeout: Duration::from_millis(500), ..StoreConfig::new(url, key()) };
    let store = PgStore::connect(&config).await.expect("a store");
    let host = HostId::generate(now());
    store.heartbeat(host, Duration::from_secs(60)).await.expect("a heartbeat");

    services.kill_service(Service::Postgres).await.expect("a dead Postgres");
    let outage = store.heartbeat(host, Duration::from_secs(60)).await.expect_err("nobody answers");
    assert!(matches!(outage, StoreError::Unavailable(_)), "{outage:?}");
    let outage = store.check().await.expect_err("nobody answers");
    assert!(matches!(outage, StoreError::Unavailable(_)), "{outage:?}");

    services.start_service(Service::Postgres).await.expect("a Postgres");
    until("the end of the outage", async || match store.heartbeat(host, Duration::from_secs(60)).await {
        Ok(()) => Ok(()),
        Err(StoreError::Unavailable(text)) => Err(text),
        Err(StoreError::Unexpected(text)) => panic!("an outage became a bug: {text}"),
    })
    .await;
    services.stop().await;
}

#[tokio::test]
async fn a_database_without_the_schema_is_refused_with_the_remedy() {
    let services = lockgate_testkit::services::services().await;
    let url = services.postgres_url_of(&lockgate_testkit::services::unique("lockgate_empty_"));
    create_database(&url).await.expect("a database");
    let refused = PgStore::connect(&StoreConfig::new(url, key())).await.expect_err("there is no schema");
    assert!(refused.to_string().contains("lockgate migrate"), "{refused}");
}
