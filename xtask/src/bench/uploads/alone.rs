//! What an upload cannot do without, each alone: the connection and the digest.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use sha2::{Digest as _, Sha256};

use super::content::Content;

/// A loopback connection whose reader discards what comes.
pub(super) async fn tcp(content: &Content) -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    let address = listener.local_addr()?;
    let reading = tokio::task::spawn_blocking(move || {
        let (mut stream, _) = listener.accept()?;
        let (mut buffer, mut came) = (vec![0; 256 * 1024], 0);
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok::<u64, std::io::Error>(came),
                count => came += count as u64,
            }
        }
    });
    let sent = content.clone();
    let began = Instant::now();
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address)?;
        (0..sent.parts).try_for_each(|_| stream.write_all(&sent.part))
    })
    .await??;
    let came = reading.await??;
    let took = began.elapsed();
    ensure!(came == content.size(), "{came} of {} bytes came through loopback", content.size());
    Ok(took)
}

/// The digest of all bytes, computed as a host does.
pub(super) async fn sha(content: &Content) -> Result<Duration> {
    let content = content.clone();
    let (took, digest) = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let mut hash = Sha256::new();
        (0..content.parts).for_each(|_| hash.update(&content.part));
        let digest = hash.finalize();
        (began.elapsed(), digest)
    })
    .await?;
    ensure!(digest.len() == 32, "an odd digest");
    Ok(took)
}
