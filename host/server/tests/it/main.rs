//! The binary as a person and an orchestrator meet it.

mod configuration;
mod program;
mod token;
mod unread;
mod webhook;
mod whole_host;
