//! Nudges on Kafka: published by whoever wrote them, heard by every host.
//!
//! A host that is away hears nothing afterwards: it reads from the end on. It says so to those who listen, because
//! anything may have changed meanwhile.

mod listener;
mod publish;
mod relay;

pub use listener::hear_nudges;
pub use relay::NudgeRelay;
