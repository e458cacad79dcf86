//! Starts real local Kafka, Postgres and S3 for laptops, demos and tests.
//!
//! ```no_run
//! # async fn demo() -> Result<(), lockgate_devservices::StartError> {
//! use lockgate_devservices::{Options, Services};
//!
//! let services = Services::start(Options::new(".lockgate")).await?;
//! println!("{:?}", services.endpoints());
//! services.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! *Invariants*: what is configured is never started; one data directory has one owner at a time;
//! no child outlives its owner; nothing listens beyond loopback.

mod cache;
mod control;
mod datadir;
mod endpoints;
mod error;
mod kafka;
mod lock;
mod options;
mod port;
mod postgres;
mod process;
mod progress;
pub mod s3;
mod services;
mod state;
mod tools;

pub use control::ControlError;
pub use endpoints::{Endpoints, S3Endpoint, SecuredKafka};
pub use error::StartError;
pub use options::{Durability, Options, Service};
pub use progress::{Progress, ProgressEvent};
pub use services::Services;
