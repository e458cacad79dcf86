//! Knocks at Postgres until it asks for a password: before that it takes connections but refuses.

use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Process;

/// Start-up message, protocol 3.0, of the user `lockgate` for the database `postgres`.
///
/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
const HELLO: &[u8] = b"\0\0\0\x29\0\x03\0\0user\0lockgate\0database\0postgres\0\0";

/// What an authentication request begins with; an error ("is starting up") begins with `E`.
const AUTHENTICATION: u8 = b'R';

/// Waits until Postgres lets clients in, ends, or runs out of time.
pub(super) async fn wait(process: &Process, port: u16, patience: Duration) -> Result<(), String> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = process.exited() {
            return Err(format!("it ended with {status}"));
        }
        let asked = tokio::time::timeout(Duration::from_secs(5), answer(port)).await;
        if matches!(asked, Ok(Ok(AUTHENTICATION))) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(format!("it does not answer on 127.0.0.1:{port} after {} s", patience.as_secs()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn answer(port: u16) -> io::Result<u8> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(HELLO).await?;
    stream.read_u8().await
}

#[cfg(test)]
mod tests;
