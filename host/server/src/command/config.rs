//! `lockgate config`: the settings in effect, and their documentation.

use clap::Subcommand;

use crate::config::{Sources, load, markdown};

/// What to show.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// The settings in effect as TOML, with secrets hidden
    Show,
    /// The page docs/configuration.md
    Docs,
}

impl ConfigVerb {
    #[expect(clippy::print_stdout, reason = "the settings are the command's output")]
    pub(crate) fn run(&self, sources: &Sources) -> anyhow::Result<()> {
        match self {
            Self::Show => print!("{}", toml::to_string(&load(sources, &[])?)?),
            Self::Docs => print!("{}", markdown()),
        }
        Ok(())
    }
}
