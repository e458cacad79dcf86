//! `lockgate webhook key`: a new signing secret in the form of Standard Webhooks.

use anyhow::{Context, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use lockgate_connectors::webhook::Secret;
use rand::TryRngCore as _;

use crate::output;

/// Which kind.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// An Ed25519 pair instead of a shared secret: the receiver needs only the public key
    #[arg(long)]
    pair: bool,
}

impl Key {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let mut bytes = [0; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| anyhow!("the system gives no random bytes: {error}"))?;
        let prefix = if self.pair { "whsk_" } else { "whsec_" };
        let text = format!("{prefix}{}", STANDARD.encode(bytes));
        let secret = Secret::parse(&text).context("the new key cannot be read again")?;
        output::line(text)?;
        secret.public_key().map_or(Ok(()), output::line)
    }
}
