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

use mimalloc::MiMalloc;

/// A request is thousands of small pieces of memory: with the C library's allocator, a third of its time went there.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
