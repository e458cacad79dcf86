//! The store against a real Postgres: every test has a database of its own.

mod admitting;
mod adoption;
mod announcing;
mod claiming;
mod committing;
mod going_on;
mod handed_in;
mod line;
mod nudging;
mod outage;
mod outbox;
mod parking;
mod passages;
mod proof;
mod rate;
mod redrives;
mod registry;
mod rolling_up;
mod secrets;
mod secure_urls;
mod sight;
mod telling;
mod together;
mod upload;
mod usage;
mod world;
