//! Connects to what the gate lets through, and to nothing else: the checked address is the one that is dialled, so a
//! name cannot change its mind between check and connection.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{error, io};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tower::Service;

use super::cuttable::Cuttable;
use super::dial::Dial;
use super::gate::Gate;

type Failure = Box<dyn error::Error + Send + Sync>;

/// The connector under TLS.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    gate: Arc<Gate>,
    dial: Arc<dyn Dial>,
    patience: Duration,
    idle: Duration,
}

impl Door {
    pub(super) fn new(gate: Arc<Gate>, dial: Arc<dyn Dial>, patience: Duration, idle: Duration) -> Self {
        Self { gate, dial, patience, idle }
    }

    async fn open(self, uri: Uri) -> Result<TokioIo<Cuttable<TcpStream>>, Failure> {
        let host = uri.host().ok_or("the URL has no host")?;
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        let until = Instant::now() + self.patience;
        let addresses = self.gate.addresses(host, port).await?;
        let mut failure: Failure = io::Error::from(io::ErrorKind::AddrNotAvailable).into();
        for (address, waiting) in addresses.iter().zip((1..=addresses.len()).rev()) {
            // One that swallows everything leaves the others their share of the time.
            let share = until.saturating_duration_since(Instant::now()) / u32::try_from(waiting).unwrap_or(u32::MAX);
            match tokio::time::timeout(share, self.dial.dial(SocketAddr::new(*address, port))).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok(TokioIo::new(Cuttable::new(stream, self.idle)));
                }
                Ok(Err(error)) => failure = error.into(),
                Err(_) => failure = format!("no connection within {:?}", self.patience).into(),
            }
        }
        Err(failure)
    }
}

impl Service<Uri> for Door {
    type Response = TokioIo<Cuttable<TcpStream>>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (door, patience) = (self.clone(), self.patience);
        Box::pin(async move {
            let opened = tokio::time::timeout(patience, door.open(uri)).await;
            opened.unwrap_or_else(|_| Err(format!("no connection within {patience:?}").into()))
        })
    }
}

#[cfg(test)]
mod tests;
