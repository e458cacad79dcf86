//! `cargo xtask schema`: rewrites what is generated from the code, so that it is reviewed as a diff.

mod lint;
mod sdl;

use std::path::Path;

use anyhow::{Context, Result};

use crate::shell::{cargo, program};

/// Files that are generated from the code or the default configuration.
const GENERATED: [&str; 3] = ["graphql/schema.graphql", "openapi/lockgate.json", "docs/configuration.md"];

/// Rewrites the generated files.
pub(crate) fn write(root: &Path) -> Result<()> {
    cargo(root, ["run", "--quiet", "--bin", "lockgate", "--", "schema", "--write", "."])
        .run("the schema was not written")
}

/// What `cargo xtask schema` may be asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Also fails where a generated file was stale, or the schema breaks a rule of docs/api.md
    #[arg(long)]
    check: bool,
}

/// Rewrites the generated files, or checks them.
pub(crate) fn run(root: &Path, args: &Args) -> Result<()> {
    if args.check { check(root) } else { write(root) }
}

/// Fails if rewriting changes anything that git knows, or the schema breaks a rule.
pub(crate) fn check(root: &Path) -> Result<()> {
    write(root)?;
    program(root, "git", ["diff", "--exit-code", "--stat", "--"])
        .args(&GENERATED.map(str::to_owned))
        .run("generated files are stale: run `cargo xtask schema` and commit")?;
    let path = root.join(GENERATED[0]);
    lint::check(&std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?)
}
