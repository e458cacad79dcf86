//! `lockgate webhook`: for people who receive webhooks and want to see them verified before they write a line of code.

mod key;
mod listen;

use clap::Subcommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookVerb {
    /// Print and verify what arrives
    Listen(listen::Listen),
    /// Make a signing secret
    Key(key::Key),
}

impl WebhookVerb {
    pub(crate) async fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Listen(listen) => listen.run().await,
            Self::Key(key) => key.run(),
        }
    }
}
