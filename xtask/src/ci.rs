//! `cargo xtask ci`: every check of the CI, each a command that a person can type.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, program};
use crate::{schema, test, tidy};

/// The version of cargo-deny that reads our deny.toml.
const CARGO_DENY: &str = "^0.18";

/// Runs formatting, tidy, tests, lints, schema and dependency checks, cheapest first.
pub(crate) fn run(root: &Path) -> Result<()> {
    cargo(root, ["fmt", "--all", "--check"]).run("run `cargo fmt --all`")?;
    tidy::run(root)?;
    test::run(root, &[])?;
    cargo(root, ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run("clippy complains")?;
    schema::check(root)?;
    deny(root)
}

/// Checks licences, bans and sources; advisories need the network, so they are a warning where it is closed.
pub(crate) fn deny(root: &Path) -> Result<()> {
    let installed = Command::new("cargo-deny").arg("--version").output().is_ok_and(|output| output.status.success());
    if !installed {
        cargo(root, ["install", "--locked", "cargo-deny", "--version", CARGO_DENY])
            .run("cargo-deny did not install")?;
    }
    cargo(root, ["deny", "check", "licenses", "bans", "sources"]).run("a dependency breaks deny.toml")?;
    let advisories = program(root, "cargo", ["deny", "--offline", "check", "advisories"]);
    if let Err(error) = advisories.run("advisories were not checked") {
        println!("warning: {error:#}; run `cargo deny check advisories` where the advisory database can be fetched");
    }
    Ok(())
}
