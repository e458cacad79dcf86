//! A client of the API, as a partner would write one: bearer token, GraphQL and tus.

use anyhow::{Context, Result, bail};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode};
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

    /// Where a path is at this client's host.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
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
        self.append(url, 0, bytes).await
    }

    /// Continues an upload at an offset.
    pub(crate) async fn append(&self, url: &str, offset: u64, bytes: Bytes) -> Result<()> {
        let path = upload_path(url)?;
        let offset = offset.to_string();
        let headers = [
            ("tus-resumable", "1.0.0"),
            ("upload-offset", offset.as_str()),
            ("content-type", "application/offset+octet-stream"),
        ];
        let (status, answer) = self.send(Method::PATCH, path, &headers, bytes).await?;
        if status != StatusCode::NO_CONTENT {
            bail!("PATCH {path} answered {status}: {}", String::from_utf8_lossy(&answer));
        }
        Ok(())
    }

    /// How many bytes of an upload are safe.
    pub(crate) async fn offset(&self, url: &str) -> Result<u64> {
        let path = upload_path(url)?;
        let answer = self.request(Method::HEAD, path, &[("tus-resumable", "1.0.0")], Bytes::new()).await?;
        let offset = answer.headers().get("upload-offset").and_then(|it| it.to_str().ok()?.parse().ok());
        offset.with_context(|| format!("HEAD {path} answered {} without an offset", answer.status()))
    }

    /// Any request; the answer's status and bytes.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<(StatusCode, Bytes)> {
        let answer = self.request(method, path, headers, body).await?;
        Ok((answer.status(), answer.into_body()))
    }

    async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Response<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.url(path))
            .header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let response = self.http.request(request).await.with_context(|| format!("{} does not answer", self.base))?;
        let (head, body) = response.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}

/// The path alone: any host continues any upload, whatever host the URL names.
fn upload_path(url: &str) -> Result<&str> {
    url.find("/uploads/").map(|at| &url[at..]).context("an upload URL ends in /uploads/{id}")
}
