//! The bus against a real Kafka.

mod bench;
mod listening;
mod publishing;
mod wiped;
