//! Decides what may be reached: first the URL as written, then, at each connection, what its name resolves to.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::address::allowed;
use super::allow_list::{AllowList, InvalidEntry};
use super::names::Names;
use crate::config::EgressConfig;

/// A URL or address must not be reached. The texts name the host, which its owner entered, and never an address that
/// our resolver found: that would map our network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It cannot be read.
    #[error("this is not an http or https URL with a host")]
    NotAUrl,
    /// It holds a user name or password.
    #[error("the URL holds a user name or password: use a secret instead")]
    Credentials,
    /// The port is not among those that may be reached.
    #[error("port {0} may not be reached from here; the installation's operator can allow it")]
    Port(u16),
    /// The host is, or resolves to, an address that is not public.
    #[error("`{0}` is not a public address; the installation's operator can allow it")]
    NotPublic(String),
}

/// No address to connect to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GateError {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("`{0}` cannot be resolved")]
    Unresolved(String),
}

/// The denial behind a client's error, if that is what it was.
pub(crate) fn denied<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Denied> {
    let mut next = Some(error);
    while let Some(error) = next {
        match error.downcast_ref::<GateError>() {
            Some(GateError::Denied(denied)) => return Some(denied),
            _ => next = error.source(),
        }
    }
    None
}

/// What may be reached.
#[derive(Debug)]
pub(crate) struct Gate {
    allow: AllowList,
    ports: Vec<u16>,
    names: Arc<dyn Names>,
}

impl Gate {
    pub(crate) fn new(config: &EgressConfig, names: Arc<dyn Names>) -> Result<Self, InvalidEntry> {
        Ok(Self { allow: AllowList::of(&config.allow)?, ports: config.ports.clone(), names })
    }

    /// Reads a URL and denies what can be denied before any name is resolved.
    pub(crate) fn url(&self, text: &str) -> Result<Url, Denied> {
        let url = Url::parse(text).map_err(|_| Denied::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Denied::NotAUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Denied::Credentials);
        }
        let port = url.port_or_known_default().ok_or(Denied::NotAUrl)?;
        match url.host().ok_or(Denied::NotAUrl)? {
            // Judged when it has been resolved: it may lead into an allowed network.
            Host::Domain(_) => {}
            Host::Ipv4(address) => self.literal(address.into(), port)?,
            Host::Ipv6(address) => self.literal(address.into(), port)?,
        }
        Ok(url)
    }

    /// The addresses that a connection to the host may be made to: at least one, each checked.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, GateError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse::<IpAddr>() {
            self.literal(address, port)?;
            return Ok(vec![address.to_canonical()]);
        }
        let found = self.names.addresses(host).await.map_err(|_| GateError::Unresolved(host.to_owned()))?;
        if found.is_empty() {
            return Err(GateError::Unresolved(host.to_owned()));
        }
        if self.allow.has_host(host) {
            return Ok(found);
        }
        let open: Vec<_> = found.into_iter().filter(|address| allowed(*address, &self.allow)).collect();
        let Some(first) = open.first() else { return Err(Denied::NotPublic(host.to_owned()).into()) };
        self.port(port, *first)?;
        Ok(open)
    }

    fn literal(&self, address: IpAddr, port: u16) -> Result<(), Denied> {
        if !allowed(address, &self.allow) {
            return Err(Denied::NotPublic(address.to_string()));
        }
        self.port(port, address)
    }

    /// An allowed network is allowed on all ports.
    fn port(&self, port: u16, address: IpAddr) -> Result<(), Denied> {
        let exempt = self.allow.has_address(address.to_canonical());
        if exempt || self.ports.is_empty() || self.ports.contains(&port) { Ok(()) } else { Err(Denied::Port(port)) }
    }
}
