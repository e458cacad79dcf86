//! The Kafka bus that rings for work.
