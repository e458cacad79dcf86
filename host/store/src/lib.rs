//! The truth in Postgres; the only crate that knows SQL.
//!
//! [`PgStore`] implements the store ports of [`lockgate_core::ports`]: transfers, uploads, the registry, the vault and
//! the read-only views of people. [`migrate`] brings a database to the schema of this binary.
//!
//! *Invariants:* no transaction leaves this crate; the lock order is redrive, transfer, consignment, delivery, breaker,
//! outbox, secure URL, usage; only the database's clock decides who is alive and what is due; every row that people read passes
//! row-level security.

#[macro_use]
mod row;
#[macro_use]
mod transient;

mod addressing;
mod admit;
mod adopt;
mod announce;
mod ask;
mod asked;
mod begin;
mod breaker;
mod claim;
mod column;
mod commit;
mod config;
mod database;
mod doc;
mod error;
mod host;
mod load;
mod migrate;
mod nudge;
mod passage;
mod pin;
mod pool;
mod provenance;
mod rate;
mod redrive;
mod registry;
mod relay;
mod secure_url;
mod snapshot;
mod store;
mod suspect;
mod tidy;
mod together;
mod transfer_store;
mod upload;
mod usage;
mod vault;

pub use config::{ConnectionUrl, InvalidSecretsKey, SecretsKey, StoreConfig};
pub use database::{copy_of_template, create_database};
pub use migrate::{MigrateError, migrate};
pub use store::{PgStore, TurnedOff};
