//! Outgoing requests to addresses that partners name: checked when connecting, bounded in time and size.

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::response::Parts;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lockgate_core::delivery::Answer;
use rustls::ClientConfig;
use url::Url;

use crate::answer::forbidden;
use crate::config::EgressConfig;
use crate::connectors::SetupError;

mod address;
mod allow_list;
mod course;
mod cuttable;
mod denied;
mod dial;
mod door;
mod exchange;
mod gate;
mod identity;
mod names;
mod outgoing;

pub use address::allowed;
pub use allow_list::{AllowList, InvalidEntry};
pub use denied::Denied;
pub use dial::{Dial, SystemDial};
pub use names::{Names, SystemNames};

pub(crate) use course::Pace;
pub(crate) use exchange::{Rest, Unanswered};
pub(crate) use gate::Gate;
pub(crate) use identity::Identity;
pub(crate) use outgoing::Outgoing;

use door::Door;
use identity::Clients;

/// An answer's headers have no more bytes.
const LARGEST_HEAD: u16 = 32 * 1024;
/// Of an answer's body so much is read, and thrown away.
const LARGEST_ANSWER: usize = 64 * 1024;
const LONGEST_DRAIN: Duration = Duration::from_secs(2);

/// How names become addresses and addresses connections.
#[derive(Debug, Clone)]
pub struct Network {
    /// Resolves.
    pub names: Arc<dyn Names>,
    /// Connects.
    pub dial: Arc<dyn Dial>,
}

impl Default for Network {
    fn default() -> Self {
        Self { names: Arc::new(SystemNames), dial: Arc::new(SystemDial) }
    }
}

/// An HTTP client behind the door.
pub(crate) type Client = HyperClient<HttpsConnector<Door>, Outgoing>;

/// The HTTP clients for partners' addresses: one for all, and one for each identity of its own.
#[derive(Debug)]
pub(crate) struct Egress {
    client: Client,
    identities: Clients,
    /// Believes the machine's authorities; made when it is asked for.
    machines: OnceLock<Client>,
    gate: Arc<Gate>,
    door: Door,
    pace: Pace,
}

/// What is kept of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl Egress {
    pub(crate) fn new(config: &EgressConfig, network: Network) -> Result<Self, SetupError> {
        let gate = Arc::new(Gate::new(config, network.names)?);
        let EgressConfig { connect, idle, slowest, .. } = *config;
        let door = Door::new(Arc::clone(&gate), network.dial, connect, idle);
        let client = client(None, door.clone())?;
        let pace = Pace { idle, answer: idle, slowest };
        Ok(Self { client, identities: Clients::default(), machines: OnceLock::new(), gate, door, pace })
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Reads a URL that a partner entered.
    pub(crate) fn url(&self, url: &str) -> Result<Url, Answer> {
        self.gate.url(url).map_err(|denied| forbidden(denied.to_string()))
    }

    /// How long receivers are waited for.
    pub(crate) fn pace(&self) -> Pace {
        self.pace
    }

    /// Sends one request and gives the answer as it comes, to whoever reads it.
    pub(crate) async fn exchange(
        &self,
        client: &Client,
        request: Request<Outgoing>,
        pace: Pace,
    ) -> Result<(Parts, Rest), Answer> {
        exchange::exchange(client, request, pace).await
    }

    /// Sends one request; a redirect is an answer like any other.
    pub(crate) async fn send(&self, request: Request<Outgoing>) -> Result<Reply, Answer> {
        self.send_as(&self.client, request).await
    }

    /// The same by a client with an identity of its own.
    pub(crate) async fn send_as(&self, client: &Client, request: Request<Outgoing>) -> Result<Reply, Answer> {
        let (head, mut body) = self.exchange(client, request, self.pace).await?;
        // A short body is read to its end so that the connection can be used again; a long or slow one costs it.
        let draining = async {
            let mut read = 0;
            while let Some(Ok(frame)) = body.frame().await {
                read += frame.data_ref().map_or(0, bytes::Bytes::len);
                if read > LARGEST_ANSWER {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(LONGEST_DRAIN.min(self.pace.idle), draining).await;
        Ok(Reply { status: head.status, headers: head.headers })
    }
}

/// A client that trusts the public authorities, or as its configuration says. It speaks HTTP/1.1 alone: so each attempt
/// has its connection for itself and can take it along.
fn client(config: Option<ClientConfig>, door: Door) -> Result<Client, rustls::Error> {
    let builder = match config {
        Some(config) => HttpsConnectorBuilder::new().with_tls_config(config),
        None => {
            HttpsConnectorBuilder::new().with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())?
        }
    };
    let connector = builder.https_or_http().enable_http1().wrap_connector(door);
    Ok(HyperClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(20))
        .http1_max_buf_size(usize::from(LARGEST_HEAD))
        .build(connector))
}

/// An error with all its causes.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
