//! What a listener bears: every number is a setting, and none is off.

use std::time::Duration;

use ipnet::IpNet;

/// What bounds connections and what is on them.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// How long a client may take to say the first thing, and to send the headers of each request.
    pub(crate) header_timeout: Duration,
    /// How long a TLS handshake may take.
    pub(crate) handshake_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub(crate) idle_timeout: Duration,
    /// How long a client may take no byte of an answer.
    pub(crate) write_timeout: Duration,
    /// Connections served at the same time; further ones are refused.
    pub(crate) connections: usize,
    /// Connections of one address served at the same time.
    pub(crate) connections_per_address: usize,
    /// The headers of a request, in bytes.
    pub(crate) header_bytes: u32,
    /// HTTP/2 requests under way at the same time on one connection.
    pub(crate) streams: u32,
    /// HTTP/2 requests that a client may take back within a minute on one connection.
    pub(crate) resets: usize,
    /// How often a silent HTTP/2 client is asked whether it is there, and how long it may take to say so.
    pub(crate) ping: Duration,
    /// How long requests under way may take to end when the host stops.
    pub(crate) drain: Duration,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed.
    pub(crate) proxies: Vec<IpNet>,
}

impl Bounds {
    /// When, after the host was told to stop, request bodies end where they are, so that there is time to keep what came.
    pub(super) fn bodies_end(&self) -> Duration {
        self.drain / 2
    }
}
