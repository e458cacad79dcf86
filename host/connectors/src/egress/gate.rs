//! Decides what may be reached: first the URL as written, then, at each connection, what its name resolves to.

use std::error::Error;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::address::closed;
use super::allow_list::{AllowList, InvalidEntry};
use super::denied::Denied;
use super::names::Names;
use crate::config::EgressConfig;

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
            Host::Ipv4(address) => self.literal(address.into(), port).map_err(Denied::noted)?,
            Host::Ipv6(address) => self.literal(address.into(), port).map_err(Denied::noted)?,
        }
        Ok(url)
    }

    /// The addresses that a connection to the host may be made to: at least one, each checked. Whoever connects takes
    /// these and resolves nothing again.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, GateError> {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse::<IpAddr>() {
            self.literal(address, port).map_err(Denied::noted)?;
            return Ok(vec![address.to_canonical()]);
        }
        let found = self.names.addresses(host).await.map_err(|_| GateError::Unresolved(host.to_owned()))?;
        let found: Vec<IpAddr> = found.into_iter().map(|address| address.to_canonical()).collect();
        let Some(first) = found.first().copied() else { return Err(GateError::Unresolved(host.to_owned())) };
        if self.allow.has_host(host) {
            return Ok(found);
        }
        let open: Vec<_> = found.into_iter().filter(|address| closed(*address, &self.allow).is_none()).collect();
        let Some(chosen) = open.first() else {
            let network = closed(first, &self.allow).unwrap_or_default();
            return Err(Denied::NotPublic { host: host.to_owned(), address: first, network }.noted().into());
        };
        // What is open to one address on this port need not be to the others.
        let reached: Vec<_> = open.iter().copied().filter(|it| self.port(host, port, *it).is_ok()).collect();
        if reached.is_empty() {
            self.port(host, port, *chosen).map_err(Denied::noted)?;
        }
        Ok(reached)
    }

    /// Whether the operator listed the URL's host.
    pub(crate) fn lists(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(name)) => self.allow.has_host(name),
            Some(Host::Ipv4(address)) => self.allow.has_address(address.into()),
            Some(Host::Ipv6(address)) => self.allow.has_address(IpAddr::from(address).to_canonical()),
            None => false,
        }
    }

    /// Whether a Kafka broker may be reached. librdkafka resolves and connects by itself, so an address that was judged
    /// here need not be the one it connects to: a broker has to be on the allow-list, a name by its name.
    pub(crate) fn broker(&self, host: &str, port: u16) -> Result<(), Denied> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let listed = match bare.parse::<IpAddr>() {
            Ok(address) => self.allow.has_address(address.to_canonical()),
            Err(_) => self.allow.has_host(bare),
        };
        if listed { Ok(()) } else { Err(Denied::Broker { host: host.to_owned(), port }.noted()) }
    }

    fn literal(&self, address: IpAddr, port: u16) -> Result<(), Denied> {
        let address = address.to_canonical();
        match closed(address, &self.allow) {
            Some(network) => Err(Denied::NotPublic { host: address.to_string(), address, network }),
            None => self.port(&address.to_string(), port, address),
        }
    }

    /// An allowed network is allowed on all ports.
    fn port(&self, host: &str, port: u16, address: IpAddr) -> Result<(), Denied> {
        let exempt = self.allow.has_address(address);
        let open = exempt || self.ports.is_empty() || self.ports.contains(&port);
        if open { Ok(()) } else { Err(Denied::Port { host: host.to_owned(), address, port }) }
    }
}

#[cfg(test)]
mod tests;
