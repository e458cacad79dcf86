//! The connectors against receivers on loopback, and against a real Kafka and S3.
#![allow(clippy::unwrap_used)]

mod early;
mod egress;
mod http;
mod kafka;
mod kafka_security;
mod memory;
mod raw;
mod receiver;
mod s3;
mod s3_passages;
mod s3_write_only;
mod tls;
mod tus;
mod tus_server;
mod webhook;
mod world;
