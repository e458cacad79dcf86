//! `lockgate transfer send`: one file in one request.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use http::Method;
use lockgate_core::viewer::Role;
use serde_json::Value;

use crate::client::Access;
use crate::command::token;
use crate::config::Config;

/// What and to whom.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The file
    file: PathBuf,
    /// The receivers' slugs or ids, separated by commas
    #[arg(long)]
    to: String,
    /// In development: the sending partner's slug or id, for whom a token is made
    #[arg(long, value_name = "PARTNER")]
    from: Option<String>,
    /// What the bytes are
    #[arg(long, default_value = "application/octet-stream")]
    media_type: String,
    /// Under this key the command may be repeated without sending twice
    #[arg(long)]
    idempotency_key: Option<String>,
    #[command(flatten)]
    access: Access,
}

impl Send {
    #[expect(clippy::print_stdout, reason = "the transfer's id is the command's output")]
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        let role = match &self.from {
            Some(partner) => Role::Partner(token::partner(config, partner).await?),
            None => Role::Operator,
        };
        let client = self.access.client(config, role)?;
        let bytes = std::fs::read(&self.file).with_context(|| format!("{} cannot be read", self.file.display()))?;
        let name = self.file.file_name().context("the file has no name")?.to_string_lossy();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("to", &self.to)
            .append_pair("filename", &name)
            .finish();
        let (status, answer) = client
            .send(
                Method::POST,
                &format!("/transfers?{query}"),
                &self.media_type,
                self.idempotency_key.as_deref(),
                bytes.into(),
            )
            .await?;
        ensure!(status.is_success(), "the transfer was not taken: {}", String::from_utf8_lossy(&answer));
        let answer: Value = serde_json::from_slice(&answer).context("the answer is not JSON")?;
        println!("{}", answer["transfer"].as_str().unwrap_or_default());
        Ok(())
    }
}
