//! The binary as a person and an orchestrator meet it.

mod configuration;
mod program;
mod token;
mod whole_host;
