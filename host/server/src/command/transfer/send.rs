//! `lockgate transfer send`: one file in one request.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::Args;
use futures::TryStreamExt;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use lockgate_core::viewer::Role;
use serde_json::Value;
use tokio_util::io::ReaderStream;

use crate::client::{Access, RequestBody, refusal};
use crate::command::token;
use crate::config::Config;
use crate::output;

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
    pub(super) async fn run(&self, config: &Config) -> anyhow::Result<()> {
        ensure!(
            self.from.is_none() || !self.access.has_token(),
            "--from makes a token in development: leave it out, because --token or LOCKGATE_TOKEN says who sends"
        );
        let role = match &self.from {
            Some(partner) => Role::Partner(token::partner(config, partner).await?),
            None => Role::Operator,
        };
        let client = self.access.client(config, role)?;
        let (body, size) = self.body().await.with_context(|| format!("{} cannot be read", self.file.display()))?;
        let name = self.file.file_name().context("the file has no name")?.to_string_lossy();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("to", &self.to)
            .append_pair("filename", &name)
            .finish();
        let size = size.to_string();
        let mut headers = vec![("content-length", size.as_str())];
        headers.extend(self.idempotency_key.as_deref().map(|key| ("idempotency-key", key)));
        let path = format!("/transfers?{query}");
        let (status, answer) = client.send(Method::POST, &path, &self.media_type, &headers, body).await?;
        ensure!(status.is_success(), "the transfer was not taken: {}", refusal(status, &answer));
        let answer: Value = serde_json::from_slice(&answer).context("the answer is not JSON")?;
        output::line(answer["transfer"].as_str().unwrap_or_default())
    }

    /// The file, read while it is sent, and its size in bytes.
    async fn body(&self) -> std::io::Result<(RequestBody, u64)> {
        let file = tokio::fs::File::open(&self.file).await?;
        let size = file.metadata().await?.len();
        let frames = ReaderStream::with_capacity(file, 64 * 1024).map_ok(http_body::Frame::data);
        Ok((BodyExt::boxed(StreamBody::new(frames)), size))
    }
}
