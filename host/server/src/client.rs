//! A small client of the API, for the commands that a person types.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use clap::Args;
use http::{Method, Request, StatusCode};
use http_body_util::combinators::BoxBody;
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

/// The bytes of a request, in memory or read while they are sent.
pub(crate) type RequestBody = BoxBody<Bytes, std::io::Error>;

/// Speaks to the API with one token.
#[derive(Debug)]
pub(crate) struct Client {
    http: HyperClient<HttpsConnector<HttpConnector>, RequestBody>,
    base: String,
    token: String,
}

impl Access {
    /// Whether a token was given, so that none need be made.
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some() || std::env::var_os("LOCKGATE_TOKEN").is_some()
    }

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
        let (status, answer) = self.send(Method::POST, "/graphql", "application/json", &[], whole(body)).await?;
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
        headers: &[(&str, &str)],
        body: RequestBody,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let url = format!("{}{path}", self.base);
        let mut request = Request::builder()
            .method(method)
            .uri(&url)
            .header(http::header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(http::header::CONTENT_TYPE, media_type);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).with_context(|| format!("{url} cannot be asked"))?;
        let answer = self.http.request(request).await.with_context(|| format!("{url} does not answer; is it up?"))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.with_context(|| format!("{url} broke off its answer"))?;
        Ok((status, body.to_bytes()))
    }
}

fn whole(body: String) -> RequestBody {
    Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed()
}

/// What a refused request was refused for: the sentence and code of its problem details, or the answer as it is.
pub(crate) fn refusal(status: StatusCode, answer: &[u8]) -> String {
    let problem: Value = serde_json::from_slice(answer).unwrap_or_default();
    match (problem["detail"].as_str(), problem["code"].as_str()) {
        (Some(detail), Some(code)) => {
            format!("{detail} ({code}, request {})", problem["request_id"].as_str().unwrap_or("-"))
        }
        _ => format!("{status} {}", String::from_utf8_lossy(answer)),
    }
}
