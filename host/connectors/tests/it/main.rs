//! The connectors against receivers on loopback, and against a real Kafka and S3.
#![allow(clippy::unwrap_used)]

mod egress;
mod http;
mod kafka;
mod memory;
mod receiver;
mod s3;
mod tls;
mod webhook;
mod world;
