//! Real Kafka, Postgres and S3 for integration tests: one set for a whole test run, or for one process.

use std::sync::{LazyLock, OnceLock};

pub use lockgate_devservices::SecuredKafka;
use lockgate_devservices::{Options, S3Endpoint, Services};
use serde::{Deserialize, Serialize};

/// Names a JSON file with the endpoints of services that run already (`cargo xtask test` sets it).
pub const ENDPOINTS_FILE: &str = "LOCKGATE_TEST_SERVICES";

/// Where the test run's services answer. They are shared: use [`unique`] names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestServices {
    /// Kafka's bootstrap servers. Topics are not created by themselves.
    pub kafka_brokers: String,
    /// The same Kafka behind TLS and logins.
    pub kafka_secured: SecuredKafka,
    /// Superuser URL of the maintenance database.
    pub postgres_url: String,
    /// S3, addressed by path.
    pub s3: S3Endpoint,
}

impl TestServices {
    /// Superuser URL of another database on the same Postgres.
    ///
    /// # Panics
    ///
    /// When the endpoints file holds no URL of a Postgres.
    #[must_use]
    pub fn postgres_url_of(&self, database: &str) -> String {
        let (server, _) = self.postgres_url.rsplit_once('/').expect("a Postgres URL ends with /<database>");
        format!("{server}/{database}")
    }
}

/// The services of this test run.
///
/// They are those that [`ENDPOINTS_FILE`] names. Without it, the first call of a process starts its
/// own in a temporary directory; they end with the process, however it ends.
///
/// # Panics
///
/// When the services cannot be started, with the reason and the remedies.
pub async fn services() -> &'static TestServices {
    tokio::task::spawn_blocking(|| &*SERVICES).await.expect("the panic above says why the services did not start")
}

/// A name nobody else uses: for topics and their prefixes, buckets, databases and roles.
///
/// Lower-case letters and digits only follow the prefix, so that it is valid everywhere unquoted
/// if the prefix is.
#[must_use]
pub fn unique(prefix: &str) -> String {
    let random = uuid::Uuid::new_v4().simple().to_string();
    format!("{prefix}{}", &random[..12])
}

static SERVICES: LazyLock<TestServices> = LazyLock::new(|| match std::env::var_os(ENDPOINTS_FILE) {
    Some(file) => read(file.as_ref()),
    // A runtime on a thread of its own: tests' runtimes come and go.
    None => std::thread::spawn(start).join().expect("the panic above says why the services did not start"),
});

fn read(file: &std::path::Path) -> TestServices {
    let content = std::fs::read(file).unwrap_or_else(|error| panic!("{ENDPOINTS_FILE}={}: {error}", file.display()));
    serde_json::from_slice(&content).unwrap_or_else(|error| panic!("{ENDPOINTS_FILE}={}: {error}", file.display()))
}

fn start() -> TestServices {
    /// Never dropped: the kernel ends the children together with this process, and the next test
    /// process removes the directory.
    static OWNED: OnceLock<Services> = OnceLock::new();

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime with one thread can always be built");
    let services = runtime
        .block_on(Services::start(Options::for_tests().with_secured_kafka()))
        .unwrap_or_else(|error| panic!("no services for the tests: {error}"));
    let endpoints = OWNED.get_or_init(|| services).endpoints().clone();
    TestServices {
        kafka_brokers: endpoints.kafka_brokers.expect("Kafka was started above"),
        kafka_secured: endpoints.kafka_secured.expect("Kafka was started with it"),
        postgres_url: endpoints.postgres_url.expect("Postgres was started above"),
        s3: endpoints.s3.expect("S3 was started above"),
    }
}
