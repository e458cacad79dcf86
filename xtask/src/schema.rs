//! `cargo xtask schema`: rewrites what is generated from the code, so that it is reviewed as a diff.

use std::path::Path;

use anyhow::Result;

use crate::shell::{cargo, program};

/// Files that are generated from the code or the default configuration.
const GENERATED: [&str; 2] = ["graphql/schema.graphql", "docs/configuration.md"];

/// Rewrites the generated files.
pub(crate) fn write(root: &Path) -> Result<()> {
    cargo(root, ["run", "--quiet", "--bin", "lockgate", "--", "schema", "--write", "."])
        .run("the schema was not written")
}

/// Fails if rewriting changes anything that git knows.
pub(crate) fn check(root: &Path) -> Result<()> {
    write(root)?;
    program(root, "git", ["diff", "--exit-code", "--stat", "--", GENERATED[0], GENERATED[1]])
        .run("generated files are stale: run `cargo xtask schema` and commit")
}
