//! `lockgate transfer`: send a file, list what is under way, follow one transfer.

mod list;
mod send;
mod show;

use clap::Subcommand;

use crate::config::Sources;
use crate::development;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum TransferVerb {
    /// Show one transfer's timeline
    Show(show::Show),
    /// List the newest transfers
    List(list::List),
    /// Send a file
    Send(send::Send),
}

impl TransferVerb {
    pub(crate) async fn run(&self, sources: &Sources) -> anyhow::Result<()> {
        let config = development::settings(sources)?;
        match self {
            Self::Show(show) => show.run(&config).await,
            Self::List(list) => list.run(&config).await,
            Self::Send(send) => send.run(&config).await,
        }
    }
}
