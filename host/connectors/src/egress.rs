//! Outgoing requests to addresses that partners name: checked when connecting, bounded in time and size.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lockgate_core::delivery::Answer;
use rustls::ClientConfig;
use url::Url;

use crate::answer::{failed, forbidden, late};
use crate::config::EgressConfig;
use crate::connectors::SetupError;

mod address;
mod allow_list;
mod denied;
mod dial;
mod door;
mod gate;
mod identity;
mod names;
mod outgoing;

pub use address::allowed;
pub use allow_list::{AllowList, InvalidEntry};
pub use denied::Denied;
pub use dial::{Dial, SystemDial};
pub use names::{Names, SystemNames};

pub(crate) use gate::{Gate, denied};
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
    gate: Arc<Gate>,
    door: Door,
    idle: Duration,
    slowest: u64,
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
        let door = Door::new(Arc::clone(&gate), network.dial, config.connect);
        let client = client(None, door.clone())?;
        let (idle, slowest) = (config.idle, config.slowest.max(1));
        Ok(Self { client, identities: Clients::default(), gate, door, idle, slowest })
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Reads a URL that a partner entered.
    pub(crate) fn url(&self, url: &str) -> Result<Url, Answer> {
        self.gate.url(url).map_err(|denied| forbidden(denied.to_string()))
    }

    /// Sends one request; a redirect is an answer like any other.
    pub(crate) async fn send(&self, request: Request<Outgoing>) -> Result<Reply, Answer> {
        self.send_as(&self.client, request).await
    }

    /// The same by a client with an identity of its own.
    pub(crate) async fn send_as(&self, client: &Client, request: Request<Outgoing>) -> Result<Reply, Answer> {
        let pulse = request.body().pulse();
        let longest = self.idle * 2 + Duration::from_secs(request.body().size() / self.slowest);
        let answer = tokio::select! {
            answer = client.request(request) => answer.map_err(|error| explain(&error))?,
            () = pulse.stops(self.idle) => {
                return Err(late(format!("the receiver took no byte and gave no answer for {:?}", self.idle)));
            }
            () = tokio::time::sleep(longest) => {
                return Err(late(format!("the receiver is too slow: no answer after {longest:?}")));
            }
        };
        let (head, mut body) = answer.into_parts();
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
        let _ = tokio::time::timeout(LONGEST_DRAIN.min(self.idle), draining).await;
        Ok(Reply { status: head.status, headers: head.headers })
    }
}

/// A client that trusts the public authorities, or as its configuration says.
fn client(config: Option<ClientConfig>, door: Door) -> Result<Client, rustls::Error> {
    let builder = match config {
        Some(config) => HttpsConnectorBuilder::new().with_tls_config(config),
        None => {
            HttpsConnectorBuilder::new().with_provider_and_webpki_roots(rustls::crypto::aws_lc_rs::default_provider())?
        }
    };
    let connector = builder.https_or_http().enable_all_versions().wrap_connector(door);
    Ok(HyperClient::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(20))
        .http1_max_buf_size(usize::from(LARGEST_HEAD))
        .http2_max_header_list_size(u32::from(LARGEST_HEAD))
        .build(connector))
}

/// Why no answer came. A denied address is refused: trying again would not make it allowed.
fn explain(error: &(dyn Error + 'static)) -> Answer {
    match denied(error) {
        Some(denied) => forbidden(denied.to_string()),
        None => failed(format!("the receiver could not be reached: {}", chain(error))),
    }
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
