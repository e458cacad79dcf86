//! A client of the API, as a partner would write one: bearer token, GraphQL and tus.

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

/// Speaks to one host with one token.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    base: String,
    token: String,
}

impl Client {
    pub(crate) fn new(base: impl Into<String>, token: impl Into<String>) -> Self {
        let http = HyperClient::builder(TokioExecutor::new()).build_http();
        Self { http, base: base.into(), token: token.into() }
    }

    /// The token, to be shown to a person who wants to look further.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// The same client with another host.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// Runs a GraphQL operation; GraphQL errors become an error that quotes them.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Result<Value> {
        let body = serde_json::to_vec(&json!({ "query": query, "variables": variables }))?;
        let (status, answer) =
            self.send(Method::POST, "/graphql", &[("content-type", "application/json")], body.into()).await?;
        let mut answer: Value = serde_json::from_slice(&answer)
            .with_context(|| format!("/graphql answered {status} with something that is not JSON"))?;
        if let Some(errors) = answer.get("errors") {
            bail!("GraphQL answered {errors}");
        }
        Ok(answer["data"].take())
    }

    /// Sends the bytes of an announced transfer by tus, in one request.
    pub(crate) async fn upload(&self, url: &str, bytes: Bytes) -> Result<()> {
        let path = url.find("/uploads/").map(|at| &url[at..]).context("an upload URL ends in /uploads/{id}")?;
        let headers =
            [("tus-resumable", "1.0.0"), ("upload-offset", "0"), ("content-type", "application/offset+octet-stream")];
        let (status, answer) = self.send(Method::PATCH, path, &headers, bytes).await?;
        if status != StatusCode::NO_CONTENT {
            bail!("PATCH {path} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    /// Any request; the answer's status and bytes.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let response = self.http.request(request).await.with_context(|| format!("{} does not answer", self.base))?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }
}
