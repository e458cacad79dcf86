//! `lockgate config`: the settings in effect, and their documentation.

use clap::Subcommand;

use crate::config::{Sources, load, markdown};
use crate::output;

/// What to show.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// The settings in effect as TOML, with secrets hidden
    Show,
    /// The page docs/configuration.md
    Docs,
}

impl ConfigVerb {
    pub(crate) fn run(&self, sources: &Sources) -> anyhow::Result<()> {
        match self {
            Self::Show => output::text(toml::to_string(&load(sources, &[])?)?),
            Self::Docs => output::text(markdown()),
        }
    }
}
