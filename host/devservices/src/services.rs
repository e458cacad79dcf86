//! Starts what is wanted and not configured, hands out its endpoints, and stops it in order.

use std::path::Path;
use std::sync::Arc;

use crate::control::{Ending, Managed};
use crate::datadir::DataDir;
use crate::endpoints::with_database;
use crate::error::At;
use crate::kafka::Kafka;
use crate::postgres::Postgres;
use crate::process::{Spawner, end_leftovers};
use crate::s3::S3;
use crate::state::StateFile;
use crate::{Durability, Endpoints, Options, Service, StartError};

/// What every service's start needs.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) dir: Arc<DataDir>,
    pub(crate) cache: std::path::PathBuf,
    pub(crate) state: Arc<StateFile>,
    pub(crate) spawner: Spawner,
}

/// Running services. Dropping the value stops them, too; [`Services::stop`] does it without
/// blocking the thread.
#[derive(Debug)]
pub struct Services {
    started: Vec<Box<dyn Managed>>,
    endpoints: Endpoints,
    dir: Arc<DataDir>,
}

impl Services {
    /// Starts the wanted services side by side and returns when each of them answers.
    ///
    /// # Errors
    ///
    /// When a tool is missing, a download fails, the data directory is in use, or a service does
    /// not come up. What came up until then is stopped again.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let dir = Arc::new(DataDir::take(&options.data_dir, options.durability)?);
        let state = StateFile::open(dir.path())?;
        let leftovers: Vec<_> = state.read().children.into_iter().map(|(_, child)| child).collect();
        end_leftovers(&leftovers).await;
        state.change(|state| state.children.clear())?;
        let context = Context {
            dir: Arc::clone(&dir),
            cache: std::path::absolute(&options.cache_dir).at("find", &options.cache_dir)?,
            state: Arc::new(state),
            spawner: Spawner::start().at("start a thread for the services of", &options.data_dir)?,
        };
        let mut services = Self { started: Vec::new(), endpoints: options.configured, dir };

        let starts = |service, configured: bool| options.wanted.contains(&service) && !configured;
        let configured = &services.endpoints;
        let s3 = async {
            if !starts(Service::S3, configured.s3.is_some()) {
                return Ok(None);
            }
            S3::start(&context, &options.progress.begin(Service::S3)).map(Some)
        };
        let kafka = async {
            if !starts(Service::Kafka, configured.kafka_brokers.is_some()) {
                return Ok(None);
            }
            Kafka::start(&context, options.secured_kafka, &options.progress.begin(Service::Kafka)).await.map(Some)
        };
        let postgres = async {
            if !starts(Service::Postgres, configured.postgres_url.is_some()) {
                return Ok(None);
            }
            Postgres::start(&context, &options.progress.begin(Service::Postgres)).await.map(Some)
        };
        let (kafka, postgres, s3) = tokio::join!(kafka, postgres, s3);

        // All results are taken in before the first error returns: dropping `services` then stops
        // the others.
        let mut failed = None;
        match kafka {
            Ok(Some(kafka)) => {
                services.endpoints.kafka_brokers = Some(kafka.brokers());
                services.endpoints.kafka_secured = kafka.secured();
                services.started.push(Box::new(kafka));
            }
            Ok(None) => {}
            Err(error) => failed = Some(error),
        }
        match postgres {
            Ok(Some(postgres)) => {
                services.endpoints.postgres_url = Some(postgres.url());
                services.started.push(Box::new(postgres));
            }
            Ok(None) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
        match s3 {
            Ok(Some(s3)) => {
                services.endpoints.s3 = Some(s3.endpoint().clone());
                services.started.push(Box::new(s3));
            }
            Ok(None) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
        match failed {
            None => Ok(services),
            Some(error) => {
                services.stop().await;
                Err(error)
            }
        }
    }

    /// Where everything answers, configured services included.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Superuser URL of a database on the Postgres in use; `None` when there is no Postgres.
    #[must_use]
    pub fn postgres_url(&self, database: &str) -> Option<String> {
        self.endpoints.postgres_url.as_deref().and_then(|url| with_database(url, database))
    }

    /// Process id of a service that runs as a child of ours.
    #[must_use]
    pub fn pid(&self, service: Service) -> Option<u32> {
        self.managed(service)?.pid()
    }

    /// Stops everything that was started: S3 first (it takes in bytes), then Kafka, then Postgres.
    pub async fn stop(mut self) {
        let ending = self.ending();
        for service in self.in_stop_order() {
            service.down(ending).await;
            self.finish(&*service);
        }
        self.dir.finish();
    }

    fn finish(&self, service: &dyn Managed) {
        if self.dir.durability() == Durability::Test {
            service.discard();
        }
    }

    fn in_stop_order(&mut self) -> Vec<Box<dyn Managed>> {
        let mut started = std::mem::take(&mut self.started);
        started.sort_by_key(|service| match service.which() {
            Service::S3 => 0,
            Service::Kafka => 1,
            Service::Postgres => 2,
        });
        started
    }

    pub(crate) fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn managed(&self, service: Service) -> Option<&dyn Managed> {
        self.started.iter().map(AsRef::as_ref).find(|managed| managed.which() == service)
    }

    /// A test's data is thrown away, so nothing needs to be written down in good order.
    fn ending(&self) -> Ending {
        match self.dir.durability() {
            Durability::Keep => Ending::Orderly,
            Durability::Test => Ending::Abrupt,
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        if self.started.is_empty() {
            return;
        }
        let ending = self.ending();
        for service in self.in_stop_order() {
            service.down_blocking(ending);
            self.finish(&*service);
        }
        self.dir.finish();
    }
}
