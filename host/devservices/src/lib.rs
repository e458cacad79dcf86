//! Starts real local Kafka, Postgres and S3 for laptops, demos and tests.
