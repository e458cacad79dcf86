//! One service at a time can be stopped, killed, wiped and started again at the same endpoint.

use lockgate_devservices::{Options, Service, Services};
use sqlx::{Connection, Executor, PgConnection};

use crate::clients::{create_topic, postgres, s3, topics};
use crate::place::{naming, runs};

#[tokio::test]
async fn kafka_killed_keeps_its_topics_and_wiped_begins_empty() {
    let services = Services::start(Options::for_tests().only([Service::Kafka])).await.expect("Kafka starts");
    let brokers = services.endpoints().kafka_brokers.clone().expect("Kafka was started");
    create_topic(&brokers, "orders").await;
    let first = services.pid(Service::Kafka).expect("a child");

    services.kill_service(Service::Kafka).await.expect("ours to kill");
    assert!(!runs(first));
    assert_eq!(services.pid(Service::Kafka), None);
    services.start_service(Service::Kafka).await.expect("it starts again");
    assert_eq!(topics(&brokers).await, ["orders"]);

    services.wipe_service(Service::Kafka).await.expect("ours to wipe");
    services.start_service(Service::Kafka).await.expect("it starts empty");
    assert_eq!(topics(&brokers).await, [""; 0]);
    services.stop().await;
}

#[tokio::test]
async fn postgres_comes_back_at_the_same_url_with_what_was_committed() {
    let options = Options::for_tests().only([Service::Postgres]);
    let dir = options.data_dir.clone();
    let services = Services::start(options).await.expect("Postgres starts");
    let url = services.postgres_url("postgres").expect("Postgres was started");
    let mut connection = postgres(&url).await;
    connection.execute("create table committed as select 1 as one").await.expect("a table");
    let limit: String = sqlx::query_scalar("show max_connections").fetch_one(&mut connection).await.expect("a setting");
    assert_eq!(limit, "300");

    services.restart_service(Service::Postgres).await.expect("an orderly restart");
    connection.ping().await.expect_err("the old connection was closed");
    let mut connection = postgres(&url).await;
    connection.execute("select one from committed").await.expect("the table is there");

    services.kill_service(Service::Postgres).await.expect("ours to kill");
    PgConnection::connect(&url).await.expect_err("nobody listens");
    services.start_service(Service::Postgres).await.expect("it recovers");
    postgres(&url).await.execute("select one from committed").await.expect("the table is there");

    let stranger = url.replace("lockgate:", "lockgate:wrong");
    PgConnection::connect(&stranger).await.expect_err("a wrong password is refused");

    services.stop().await;
    assert_eq!(naming(&dir), [0_u32; 0]);
    assert!(!dir.exists(), "a test's data is removed at the end");
}

#[tokio::test]
async fn s3_stops_listening_and_comes_back_with_its_objects() {
    let services = Services::start(Options::for_tests().only([Service::S3])).await.expect("S3 starts");
    let endpoint = services.endpoints().s3.clone().expect("S3 was started");
    let client = s3(&endpoint);
    client.create_bucket().bucket("orders").send().await.expect("a new bucket");
    services.stop_service(Service::S3).await.expect("ours to stop");
    let address = endpoint.endpoint.trim_start_matches("http://");
    tokio::net::TcpStream::connect(address).await.expect_err("nobody listens");
    services.start_service(Service::S3).await.expect("it starts again");
    client.head_bucket().bucket("orders").send().await.expect("the bucket is there");
    drop(services);
    tokio::net::TcpStream::connect(address).await.expect_err("dropping the services stops them");
}
