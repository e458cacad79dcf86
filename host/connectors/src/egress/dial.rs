//! Opens TCP connections; a port of its own so that a test can record what would be connected to.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;

use async_trait::async_trait;
use tokio::net::TcpStream;

/// Connects to an address that the gate has judged.
#[async_trait]
pub trait Dial: Send + Sync + Debug {
    /// A connection to exactly that address.
    async fn dial(&self, to: SocketAddr) -> io::Result<TcpStream>;
}

/// The network of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemDial;

#[async_trait]
impl Dial for SystemDial {
    async fn dial(&self, to: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(to).await
    }
}
