//! Where an issuer's public keys come from: given by the server, or fetched from the issuer's URL.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Gives an issuer's JSON Web Key Set as its JSON text.
#[async_trait]
pub trait KeySource: Send + Sync + Debug {
    /// The set as it is now.
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError>;
}

/// The keys could not be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeySourceError {
    /// The URL is not one that keys may come from.
    #[error("keys cannot come from `{0}`: an https URL is required (http only on loopback)")]
    Url(String),
    /// The issuer did not answer with a key set.
    #[error("the issuer's keys at `{url}` cannot be read: {why}; check `identity.jwks_url` and the network")]
    Unreachable {
        /// The URL.
        url: String,
        /// What happened.
        why: String,
    },
}

/// A set that is known beforehand: the development issuer's, or a test's.
#[derive(Debug, Clone)]
pub struct StaticKeys(Vec<u8>);

impl StaticKeys {
    /// A set as its JSON text.
    pub const fn new(jwks: Vec<u8>) -> Self {
        Self(jwks)
    }
}

#[async_trait]
impl KeySource for StaticKeys {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        Ok(self.0.clone())
    }
}

const LARGEST_SET: usize = 256 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);

/// A set behind a URL. Redirects are not followed, answers are bounded in size and time.
#[derive(Debug)]
pub struct HttpsKeys {
    url: Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<bytes::Bytes>>,
}

impl HttpsKeys {
    /// The keys at a URL; https, or http on loopback for development.
    pub fn new(url: &str) -> Result<Self, KeySourceError> {
        let bad = || KeySourceError::Url(url.to_owned());
        let parsed = url::Url::parse(url).map_err(|_| bad())?;
        let loopback = match parsed.host() {
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => return Err(bad()),
        };
        if parsed.scheme() != "https" && !(parsed.scheme() == "http" && loopback) {
            return Err(bad());
        }
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())
            .map_err(|_| bad())?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { url: url.parse().map_err(|_| bad())?, client })
    }

    async fn get(&self) -> Result<Vec<u8>, String> {
        let request = Request::get(self.url.clone())
            .header(http::header::ACCEPT, "application/jwk-set+json, application/json")
            .body(Empty::new())
            .map_err(|error| error.to_string())?;
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("it answered {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), LARGEST_SET).collect().await.map_err(|error| error.to_string())?;
        Ok(body.to_bytes().to_vec())
    }
}

#[async_trait]
impl KeySource for HttpsKeys {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        let outcome = match tokio::time::timeout(PATIENCE, self.get()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("no answer within {PATIENCE:?}")),
        };
        outcome.map_err(|why| KeySourceError::Unreachable { url: self.url.to_string(), why })
    }
}
