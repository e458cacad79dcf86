//! What the installation reaches although it is not public.

use std::net::IpAddr;

use ipnet::IpNet;

/// An entry is neither a network nor a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` in the egress allow-list is neither an address, a network such as 10.1.0.0/16, a host name, nor `*.` before one"
)]
pub struct InvalidEntry(String);

/// Networks and host names that may be reached whatever their addresses.
#[derive(Debug, Clone, Default)]
pub struct AllowList {
    networks: Vec<IpNet>,
    hosts: Vec<String>,
    /// With their leading dot.
    domains: Vec<String>,
}

impl AllowList {
    /// Reads the entries of the settings.
    ///
    /// # Errors
    ///
    /// When one is neither an address, a network, a host name nor `*.` before a host name.
    pub fn of(entries: &[String]) -> Result<Self, InvalidEntry> {
        let mut list = Self::default();
        for entry in entries {
            let entry = entry.trim();
            if let Ok(network) = entry.parse::<IpNet>() {
                list.networks.push(network);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                list.networks.push(address.to_canonical().into());
            } else if is_host_name(entry) {
                list.hosts.push(normal(entry));
            } else if let Some(domain) = entry.strip_prefix("*.").filter(|domain| is_host_name(domain)) {
                list.domains.push(format!(".{}", normal(domain)));
            } else {
                return Err(InvalidEntry(entry.to_owned()));
            }
        }
        Ok(list)
    }

    pub(super) fn has_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }

    pub(super) fn has_host(&self, host: &str) -> bool {
        let host = normal(host);
        self.hosts.contains(&host) || self.domains.iter().any(|domain| host.ends_with(domain) && host != *domain)
    }
}

fn normal(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn is_host_name(text: &str) -> bool {
    let valid = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | '_');
    !text.is_empty() && text.chars().all(valid) && text.chars().any(|char| char.is_ascii_alphabetic())
}
