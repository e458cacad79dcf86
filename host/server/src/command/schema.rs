//! `lockgate schema`: what is generated from the code, so that it is reviewed as a diff.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::config::markdown;
use crate::output;

/// Prints the GraphQL schema, or writes every generated file.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Write graphql/schema.graphql, openapi/lockgate.json and docs/configuration.md below this directory instead
    #[arg(long, value_name = "DIRECTORY")]
    write: Option<PathBuf>,
}

impl Schema {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let sdl = lockgate_api::sdl();
        let Some(root) = &self.write else {
            return output::text(sdl);
        };
        for (path, text) in [
            ("graphql/schema.graphql", sdl),
            ("openapi/lockgate.json", lockgate_api::openapi()),
            ("docs/configuration.md", markdown()),
        ] {
            let path = root.join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
            }
            std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        Ok(())
    }
}
