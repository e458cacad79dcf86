//! Automation of this repository: every step that a person or the CI takes is a verb of `cargo xtask`.
#![allow(clippy::print_stdout, reason = "its output is for the person who typed the command")]

mod guests;

use std::path::Path;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Automation of this repository")]
struct Xtask {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Builds the plugins under plugins/ as components in target/guests/
    Guests(guests::Args),
}

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    match Xtask::parse().verb {
        Verb::Guests(args) => guests::run(root, &args),
    }
}
