//! Chooses free loopback ports, the previous ones first so that clients find a service again.

use std::net::{Ipv4Addr, TcpListener};

use crate::StartError;
use crate::error::At;

/// Binds a loopback port: the previous one if it is free, otherwise any.
pub(crate) fn bind(previous: Option<u16>) -> Result<TcpListener, StartError> {
    previous
        .and_then(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok())
        .map_or_else(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)), Ok)
        .at("bind a port on", "127.0.0.1")
}

/// Chooses distinct free ports for a process that binds them itself.
///
/// Someone else may take one before that; such a start fails and is tried again with others.
pub(crate) fn choose<const N: usize>(previous: [Option<u16>; N]) -> Result<[u16; N], StartError> {
    let mut held = Vec::with_capacity(N);
    for port in previous {
        held.push(bind(port)?);
    }
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&held) {
        *port = listener.local_addr().at("bind a port on", "127.0.0.1")?.port();
    }
    Ok(ports)
}
