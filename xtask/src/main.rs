//! Automation of this repository: every step that a person or the CI takes is a verb of `cargo xtask`.
#![allow(clippy::print_stdout, reason = "its output is for the person who typed the command")]

mod bench;
mod ci;
mod client;
mod demo;
mod guests;
mod operator;
mod prove;
mod receiver;
mod schema;
mod shell;
mod stage;
mod story;
mod test;
mod tidy;
mod trail;
mod wait;

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
    /// Plays the main job on real files: services, two hosts, three partners, a story as it happens
    Demo(demo::Args),
    /// Runs every test against real services on free ports; further arguments go to `cargo test`
    Test {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Proves what needs minutes of a whole gate: nothing lost under chaos, memory bounded
    Prove(prove::Args),
    /// Measures: the sandbox against native code, no limits and Extism; small transfers from end to end
    Bench(bench::Args),
    /// Builds the plugins under plugins/ as components in target/guests/
    Guests(guests::Args),
    /// Rewrites what is generated from the code: the GraphQL schema, the OpenAPI document, docs/configuration.md
    Schema(schema::Args),
    /// Checks layout, imports, text and sizes of files
    Tidy,
    /// Checks licences, bans and sources of dependencies
    Deny,
    /// Runs every check of the CI
    Ci,
}

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
    match Xtask::parse().verb {
        Verb::Demo(args) => demo::run(root, &args),
        Verb::Test { arguments } => test::run(root, &arguments),
        Verb::Prove(args) => prove::run(root, &args),
        Verb::Bench(args) => bench::run(root, &args),
        Verb::Guests(args) => guests::run(root, &args),
        Verb::Schema(args) => schema::run(root, &args),
        Verb::Tidy => tidy::run(root),
        Verb::Deny => ci::deny(root),
        Verb::Ci => ci::run(root),
    }
}
