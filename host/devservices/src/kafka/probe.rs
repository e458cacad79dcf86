//! Asks Kafka for its metadata until it names a broker: an open port alone means nothing yet.

use std::io;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::process::Process;

/// Metadata request, version 8: no topics, nothing created, no operations listed.
///
/// <https://kafka.apache.org/protocol#The_Messages_Metadata>
const REQUEST: &[u8] = b"\0\0\0\x1b\
    \0\x03\0\x08\0\0\0\x01\0\x0alockgate--\
    \0\0\0\0\0\0\0";

/// Waits until the broker answers, ends, or runs out of time.
pub(super) async fn wait(process: &Process, port: u16, patience: Duration) -> Result<(), String> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = process.exited() {
            return Err(format!("it ended with {status}"));
        }
        let asked = tokio::time::timeout(Duration::from_secs(5), brokers(port)).await;
        if matches!(asked, Ok(Ok(1..))) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(format!("it does not answer on 127.0.0.1:{port} after {} s", patience.as_secs()));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many brokers the node knows to be there.
async fn brokers(port: u16) -> io::Result<i32> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(REQUEST).await?;
    // Answer: size, correlation id, throttle time, number of brokers.
    let [_size, _correlation, _throttle] =
        [stream.read_i32().await?, stream.read_i32().await?, stream.read_i32().await?];
    stream.read_i32().await
}

#[cfg(test)]
mod tests;
