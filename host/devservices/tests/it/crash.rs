//! Nothing outlives a killed owner, and the next start finds its data in order.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use lockgate_devservices::{Durability, Endpoints, Options, Service, Services};
use sqlx::Executor;

use crate::clients::{create_topic, postgres, topics};
use crate::place::{eventually, kept_in, naming, runs};

/// The example that runs services until it is told to stop; `cargo test` builds it beside the tests.
pub(crate) fn example() -> Command {
    let tests = std::env::current_exe().expect("this test has a path");
    let target = tests.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
    let example: PathBuf = target.join("examples/services");
    assert!(example.exists(), "{} is missing: cargo build -p lockgate-devservices --examples", example.display());
    Command::new(example)
}

/// An owner of services in a process of its own.
struct Owner {
    child: Child,
    endpoints: Endpoints,
    pids: [Option<u32>; 3],
}

fn owner(dir: &std::path::Path) -> Owner {
    let mut child = example()
        .arg("--data-dir")
        .arg(dir.join("data"))
        .args(["--only", "kafka,postgres"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the example runs");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut line = || lines.next().expect("the services start").expect("text");
    let endpoints = serde_json::from_str(&line()).expect("the endpoints");
    let pids = serde_json::from_str(&line()).expect("the pids");
    Owner { child, endpoints, pids }
}

#[tokio::test]
async fn kill_9_of_the_owner_leaves_nothing_running_and_the_next_start_finds_the_data() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    // As a root's home often is; Postgres, which runs as another user then, cannot get there.
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o700)).expect("ours to close");
    let mut killed = owner(dir.path());
    let brokers = killed.endpoints.kafka_brokers.take().expect("Kafka was started");
    create_topic(&brokers, "orders").await;
    let mut truth = postgres(&killed.endpoints.postgres_url.take().expect("Postgres was started")).await;
    truth.execute("create table committed as select 1 as one").await.expect("a table");
    let [Some(kafka), Some(pg), None] = killed.pids else { panic!("two children: {:?}", killed.pids) };
    assert!(runs(kafka) && runs(pg), "both run while their owner does");

    killed.child.kill().expect("ours to kill");
    killed.child.wait().expect("ours to reap");
    eventually("no child outlives its owner", || !runs(kafka) && !runs(pg) && naming(dir.path()).is_empty()).await;

    let options = kept_in(dir.path()).only([Service::Kafka, Service::Postgres]);
    let services = Services::start(Options { durability: Durability::Test, ..options }).await.expect("it recovers");
    let url = services.postgres_url("postgres").expect("Postgres was started");
    postgres(&url).await.execute("select one from committed").await.expect("the table is there");
    let brokers = services.endpoints().kafka_brokers.as_deref().expect("Kafka was started");
    assert_eq!(topics(brokers).await, ["orders"]);
    services.stop().await;
}
