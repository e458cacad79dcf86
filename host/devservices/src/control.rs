//! Stops, kills, wipes and starts one service while the others run on: what chaos tests need. And makes buckets.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::error::At;
use crate::s3::S3;
use crate::{Service, Services, StartError};

/// How a service is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Asked to finish: data is written down, connections are closed properly.
    Orderly,
    /// As a crash would end it.
    Abrupt,
}

/// A service that we started.
#[async_trait]
pub(crate) trait Managed: Debug + Send + Sync {
    fn which(&self) -> Service;
    fn pid(&self) -> Option<u32>;
    /// Starts it again on the same port, if it is down.
    async fn up(&self) -> Result<(), StartError>;
    async fn down(&self, ending: Ending);
    fn down_blocking(&self, ending: Ending);
    /// Removes its data; it is down while this is called.
    fn wipe(&self) -> Result<(), StartError>;
    /// Removes what lies outside the data directory, at the end of a test.
    fn discard(&self) {}
}

/// One service could not be controlled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// It is configured or not wanted, so it is not ours to touch.
    #[error("{0} was not started here, so it cannot be controlled here")]
    NotOurs(Service),
    /// It did not come up again.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Services {
    /// Stops one service in good order; its endpoint stays the same for the next start.
    ///
    /// # Errors
    ///
    /// When it was not started here. The same holds for the methods below.
    pub async fn stop_service(&self, service: Service) -> Result<(), ControlError> {
        self.ours(service)?.down(Ending::Orderly).await;
        Ok(())
    }

    /// Ends one service as a crash would: Kafka by `SIGKILL`, Postgres by an immediate shutdown
    /// (`SIGQUIT`: no checkpoint, recovery at the next start), S3 by cutting its connections.
    ///
    /// # Errors
    ///
    /// When it was not started here.
    pub async fn kill_service(&self, service: Service) -> Result<(), ControlError> {
        self.ours(service)?.down(Ending::Abrupt).await;
        Ok(())
    }

    /// Starts a stopped or killed service again, at the same endpoint, and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it was not started here, or does not come up.
    pub async fn start_service(&self, service: Service) -> Result<(), ControlError> {
        Ok(self.ours(service)?.up().await?)
    }

    /// Stops one service in good order and starts it again.
    ///
    /// # Errors
    ///
    /// When it was not started here, or does not come up.
    pub async fn restart_service(&self, service: Service) -> Result<(), ControlError> {
        self.stop_service(service).await?;
        self.start_service(service).await
    }

    /// Kills one service and removes all its data; [`Services::start_service`] begins empty.
    ///
    /// # Errors
    ///
    /// When it was not started here, or its data cannot be removed.
    pub async fn wipe_service(&self, service: Service) -> Result<(), ControlError> {
        let managed = self.ours(service)?;
        managed.down(Ending::Abrupt).await;
        Ok(managed.wipe()?)
    }

    /// Makes a bucket, as its owner would with any S3 tool; one that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// When S3 was not started here, or its directory cannot be written.
    pub fn make_bucket(&self, name: &str) -> Result<(), ControlError> {
        self.ours(Service::S3)?;
        let bucket = S3::root(self.data_dir()).join(name);
        std::fs::create_dir_all(&bucket).at("create", &bucket).map_err(ControlError::Start)
    }

    fn ours(&self, service: Service) -> Result<&dyn Managed, ControlError> {
        self.managed(service).ok_or(ControlError::NotOurs(service))
    }
}
