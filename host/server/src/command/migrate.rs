//! `lockgate migrate`: brings the database to the schema of this binary.

use anyhow::Context;
use clap::Args;

use crate::config::{Sources, load};

/// Takes the database's own settings only: nothing else needs to be there yet.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Migrate as this user instead of the one of `database.url`; it must own the database
    #[arg(long, value_name = "POSTGRES_URL")]
    url: Option<String>,
}

impl Migrate {
    pub(crate) async fn run(&self, sources: &Sources) -> anyhow::Result<()> {
        let config = load(sources, &[])?;
        let url = self.url.as_deref().unwrap_or_else(|| config.database.url.expose());
        anyhow::ensure!(!url.is_empty(), "`database.url` is not set: set it, or give --url");
        lockgate_store::migrate(url).await.context("the database was not migrated")
    }
}
