//! A small client of the API, for the commands that a person types.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lockgate_core::viewer::Role;
use serde_json::{Value, json};

use crate::config::Config;
use crate::identity::{DevelopmentIssuer, unix_now};

/// Where the API is and who asks.
#[derive(Debug, Args)]
pub(crate) struct Access {
    /// The API's URL; without it LOCKGATE_URL, or the configured one
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A bearer token; without it LOCKGATE_TOKEN, or in development one of the built-in issuer
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

/// Speaks to the API with one token.
#[derive(Debug)]
pub(crate) struct Client {
    http: HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    token: String,
}

impl Access {
    /// A client; `role` is whose token development makes where none is given.
    pub(crate) fn client(&self, config: &Config, role: Role) -> anyhow::Result<Client> {
        let url = self.url.clone().or_else(|| std::env::var("LOCKGATE_URL").ok());
        let token = match self.token.clone().or_else(|| std::env::var("LOCKGATE_TOKEN").ok()) {
            Some(token) => token,
            None => DevelopmentIssuer::of(config).context("no token: give --token or LOCKGATE_TOKEN")?.issue(
                "command-line",
                role,
                unix_now(),
                300,
            )?,
        };
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())
            .context("TLS cannot be set up")?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Client {
            http: HyperClient::builder(TokioExecutor::new()).build(connector),
            base: url.unwrap_or_else(|| config.public_url(config.http.listen)).trim_end_matches('/').to_owned(),
            token,
        })
    }
}

impl Client {
    /// Runs a GraphQL operation; its errors become one that quotes their messages.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let (status, answer) = self.send(Method::POST, "/graphql", "application/json", None, Bytes::from(body)).await?;
        let mut answer: Value = serde_json::from_slice(&answer)
            .with_context(|| format!("{}/graphql answered {status} with something that is not JSON", self.base))?;
        if let Some(errors) = answer.get("errors").and_then(Value::as_array) {
            let messages: Vec<&str> = errors.iter().filter_map(|it| it["message"].as_str()).collect();
            bail!("{}", messages.join("; "));
        }
        ensure!(status.is_success(), "{}/graphql answered {status}: {answer}", self.base);
        Ok(answer["data"].take())
    }

    /// Any request; the answer's status and bytes.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        media_type: &str,
        idempotency_key: Option<&str>,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header(http::header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(http::header::CONTENT_TYPE, media_type);
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(body)).with_context(|| format!("{url} cannot be asked"))?;
        let answer = self.http.request(request).await.with_context(|| format!("{url} does not answer; is it up?"))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.with_context(|| format!("{url} broke off its answer"))?;
        Ok((status, body.to_bytes()))
    }
}
