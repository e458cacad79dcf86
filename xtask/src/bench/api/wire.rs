//! What requests cost on the way to Postgres: a line in between counts statements and waits for answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::{ANNOUNCE, announcement, lists};
use crate::client::Client;
use crate::stage::Stage;

/// How often each request is sent, so that what the host asks on its own account meanwhile hardly counts.
const TIMES: u64 = 200;

/// What passed.
#[derive(Debug, Default)]
struct Passed {
    statements: AtomicU64,
    waits: AtomicU64,
}

/// Starts a host behind the line and prints what lists of several lengths and an announcement cost.
pub(super) async fn report(stage: &mut Stage, operator: &Client, sender: &Client) -> Result<()> {
    let url = stage.services.endpoints().postgres_url.clone().context("no Postgres was started")?;
    let mut url = Url::parse(&url)?;
    let to = format!("{}:{}", url.host_str().unwrap_or("127.0.0.1"), url.port().unwrap_or(5432));
    let (address, passed) = lay(to).await?;
    url.set_ip_host(address.ip()).ok().context("an odd URL")?;
    url.set_port(Some(address.port())).ok().context("an odd URL")?;
    // What a host looks for on its own account is no request's own.
    let quiet = [
        ("LOCKGATE_DATABASE__URL", url.to_string()),
        ("LOCKGATE_WORKERS__ADOPT_MS", "3600000".to_owned()),
        ("LOCKGATE_WORKERS__HOUSEKEEPING_MS", "3600000".to_owned()),
    ];
    let index = stage.add_host(&quiet).await?;
    let base = stage.hosts[index].base.clone();
    let (operator, sender) = (operator.at(&base), sender.at(&base));
    println!(
        "\nOn the way to Postgres, for each request (beginning and end of its view and the pool's check included):"
    );
    for rows in [10, 50, 100] {
        let cost = passed.of(|| lists::ask(&operator, rows)).await?;
        println!("a list of {rows:<34} {cost}");
    }
    let cost = passed.of(|| sender.graphql(ANNOUNCE, announcement(Some(1_000)))).await?;
    println!("{:<44} {cost}", "createTransfer");
    stage.kill_host(index)
}

impl Passed {
    /// What one of many equal requests costs.
    async fn of<T, F: Future<Output = Result<T>>>(&self, ask: impl Fn() -> F) -> Result<String> {
        for _ in 0..20 {
            ask().await?;
        }
        let before = self.now();
        for _ in 0..TIMES {
            ask().await?;
        }
        let after = self.now();
        let each = |before: u64, after: u64| (after - before) as f64 / TIMES as f64;
        Ok(format!("{:>5.1} statements {:>5.1} waits", each(before.0, after.0), each(before.1, after.1)))
    }

    fn now(&self) -> (u64, u64) {
        (self.statements.load(Ordering::Relaxed), self.waits.load(Ordering::Relaxed))
    }
}

/// A line to that address; ends with the runtime.
async fn lay(to: String) -> Result<(SocketAddr, Arc<Passed>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
    let address = listener.local_addr()?;
    let passed = Arc::new(Passed::default());
    let counted = Arc::clone(&passed);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&to).await else { continue };
            let _nodelay = (client.set_nodelay(true), server.set_nodelay(true));
            let ((from_client, mut to_client), (mut from_server, to_server)) =
                (client.into_split(), server.into_split());
            tokio::spawn(up(from_client, to_server, Arc::clone(&counted)));
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        }
    });
    Ok((address, passed))
}

/// Passes on what a client says, and counts: `Execute` and `Query` run a statement, `Sync` and `Query` wait for an answer.
async fn up(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, passed: Arc<Passed>) {
    let (mut buffer, mut seen, mut greeted) = (vec![0; 64 * 1024], Vec::new(), false);
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        seen.extend_from_slice(&buffer[..count]);
        let mut at = 0;
        while let Some((kind, length)) = message(&seen[at..], greeted) {
            // The first message is the one that names the protocol's version 3; a request for TLS may precede it.
            greeted = greeted || seen[at + 4..at + 6] == [0, 3];
            passed.statements.fetch_add(u64::from(matches!(kind, b'E' | b'Q')), Ordering::Relaxed);
            passed.waits.fetch_add(u64::from(matches!(kind, b'S' | b'Q')), Ordering::Relaxed);
            at += length;
        }
        seen.drain(..at);
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// The kind and the length of the first message, if all of it is there; those before the greeting have no kind.
fn message(bytes: &[u8], greeted: bool) -> Option<(u8, usize)> {
    let head = usize::from(greeted);
    let length = bytes.get(head..head + 4)?;
    let length = head + u32::from_be_bytes(length.try_into().ok()?) as usize;
    (bytes.len() >= length.max(8 * usize::from(!greeted))).then(|| (if greeted { bytes[0] } else { 0 }, length))
}
