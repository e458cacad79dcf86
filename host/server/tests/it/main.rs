//! The binary as a person and an orchestrator meet it.

mod configuration;
mod program;
mod token;
mod webhook;
mod whole_host;
