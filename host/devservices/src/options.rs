//! What to start, where, and how long its data shall live.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Endpoints, Progress};

/// One of the three backing services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// Apache Kafka: carries the work.
    Kafka,
    /// PostgreSQL: holds the truth.
    Postgres,
    /// S3: holds the bytes.
    S3,
}

impl Service {
    /// All of them, in the order in which they are started.
    pub const ALL: [Self; 3] = [Self::Kafka, Self::Postgres, Self::S3];

    /// The setting that makes Lockgate use a service of the user instead of a started one.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Kafka => "LOCKGATE_KAFKA__BROKERS",
            Self::Postgres => "LOCKGATE_DATABASE__URL",
            Self::S3 => "LOCKGATE_S3__ENDPOINT",
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kafka => "Kafka",
            Self::Postgres => "Postgres",
            Self::S3 => "S3",
        })
    }
}

/// How much a crash may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Data outlives the process and is found again by the next start.
    Keep,
    /// No `fsync`: a killed service keeps its data, a crashed machine would not. The data directory is removed at the end.
    Test,
}

/// Everything [`Services::start`](crate::Services::start) needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where data, logs and the lock live.
    pub data_dir: PathBuf,
    /// Where downloaded programs live; shared by all data directories of the user.
    pub cache_dir: PathBuf,
    /// Which services are wanted; others are neither started nor reported.
    pub wanted: Vec<Service>,
    /// Services that exist already: used as they are.
    pub configured: Endpoints,
    /// Whether Kafka listens with TLS and logins as well, for tests of those who speak them.
    pub secured_kafka: bool,
    /// Whether data outlives the process.
    pub durability: Durability,
    /// Who hears about the progress.
    pub progress: Progress,
}

impl Options {
    /// All three services under `data_dir`, kept between starts, with progress on the terminal.
    #[must_use]
    pub fn new(data_dir: impl AsRef<Path>) -> Self {
        Self {
            data_dir: data_dir.as_ref().to_owned(),
            cache_dir: default_cache_dir(),
            wanted: Service::ALL.to_vec(),
            configured: Endpoints::default(),
            secured_kafka: false,
            durability: Durability::Keep,
            progress: Progress::terminal(),
        }
    }

    /// All three services for one test run: silent, fast, and gone afterwards.
    ///
    /// The data directory is a new one below the system's temporary directory; what killed test
    /// runs left there is removed first.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            data_dir: crate::datadir::fresh_test_dir(),
            durability: Durability::Test,
            progress: Progress::silent(),
            ..Self::new("")
        }
    }

    /// Uses these services where they are given, instead of starting own ones.
    #[must_use]
    pub fn configured(mut self, configured: Endpoints) -> Self {
        self.configured = configured;
        self
    }

    /// Lets a Kafka that is started listen with TLS and logins as well.
    #[must_use]
    pub fn with_secured_kafka(mut self) -> Self {
        self.secured_kafka = true;
        self
    }

    /// Starts these services only.
    #[must_use]
    pub fn only(mut self, wanted: impl IntoIterator<Item = Service>) -> Self {
        self.wanted = wanted.into_iter().collect();
        self
    }
}

fn default_cache_dir() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(std::env::temp_dir)
        .join("lockgate")
}
