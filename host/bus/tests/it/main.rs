//! The bus against a real Kafka.

mod bench;
mod listening;
mod publishing;
mod secured;
mod wiped;
