//! The binary `lockgate`.

mod admin;
mod app;
mod cli;
mod client;
mod clock;
mod command;
mod config;
mod development;
mod gauges;
mod identity;
mod listen;
mod output;
mod passphrases;
mod service;
mod telemetry;
mod worker;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
