//! The bytes of transfers on S3.
//!
//! *Invariants:* a row names every object before its first byte leaves; the sweeper acts on rows only; memory per
//! writer and reader is bounded whatever the payload's size, that of all writers together by one budget; no byte is called read before its digest was compared.
#![deny(missing_docs)]

mod archive;
mod bucket;
mod budget;
mod complete;
mod config;
mod failure;
mod format;
mod multipart;
mod object_writer;
mod part_size;
mod parts;
mod store;
mod sweeper;
mod upload_writer;

pub use archive::S3PluginArchive;
pub use bucket::ConnectError;
pub use budget::BudgetConfig;
pub use config::S3Config;
pub use store::S3PayloadStore;
pub use sweeper::{SweepError, Sweeper};
