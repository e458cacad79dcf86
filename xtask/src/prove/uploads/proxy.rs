//! A line that breaks: a loopback proxy before the hosts that cuts at planned bytes and then leads to another host.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What it knows at a moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Bytes that went to hosts, heads of requests included.
    pub(super) passed: u64,
    /// How often it cut.
    pub(super) cuts: usize,
    /// Which host is served.
    pub(super) host: usize,
    /// For each answer with an offset: how many bytes had been sent in vain since the one before.
    pub(super) lost: Vec<u64>,
    /// All that had been sent in vain at the last such answer.
    vain: u64,
}

/// A running proxy; ends with the runtime.
#[derive(Debug)]
pub(super) struct Proxy {
    address: SocketAddr,
    line: Arc<Line>,
}

#[derive(Debug)]
struct Line {
    hosts: Mutex<Vec<String>>,
    plan: Mutex<VecDeque<u64>>,
    seen: watch::Sender<Seen>,
}

impl Proxy {
    /// Cuts after these numbers of bytes, which grow.
    pub(super) async fn start(plan: Vec<u64>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port for the proxy")?;
        let address = listener.local_addr()?;
        let (seen, _) = watch::channel(Seen::default());
        let line = Arc::new(Line { hosts: Mutex::default(), plan: Mutex::new(plan.into()), seen });
        let lines = Arc::clone(&line);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&lines).lead(client));
            }
        });
        Ok(Self { address, line })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it leads: `http://address` of every host.
    pub(super) fn leads_to(&self, hosts: Vec<String>) {
        *self.line.hosts.lock().expect("nobody panics while it holds the list") = hosts;
    }

    pub(super) fn seen(&self) -> watch::Receiver<Seen> {
        self.line.seen.subscribe()
    }
}

impl Line {
    /// One connection, until it ends or is cut: then both sides lose it.
    async fn lead(self: Arc<Self>, client: TcpStream) {
        let Some(host) = self.connect().await else { return };
        let ((from_client, to_client), (from_host, to_host)) = (client.into_split(), host.into_split());
        tokio::select! {
            () = self.up(from_client, to_host) => {}
            () = self.down(from_host, to_client) => {}
        }
    }

    /// The host whose turn it is, or the next that answers.
    async fn connect(&self) -> Option<TcpStream> {
        let hosts = self.hosts.lock().expect("nobody panics while it holds the list").clone();
        let first = self.seen.borrow().host;
        for at in 0..hosts.len() {
            let host = (first + at) % hosts.len();
            if let Ok(stream) = TcpStream::connect(hosts[host].trim_start_matches("http://")).await {
                let _unwatched = stream.set_nodelay(true);
                self.seen.send_modify(|seen| seen.host = host);
                return Some(stream);
            }
        }
        None
    }

    async fn up(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let left = self.left();
            let allowed = left.map_or(count, |left| count.min(usize::try_from(left).unwrap_or(usize::MAX)));
            if to.write_all(&buffer[..allowed]).await.is_err() {
                return;
            }
            self.seen.send_modify(|seen| seen.passed += allowed as u64);
            if left.is_some() && self.left() == Some(0) {
                self.plan.lock().expect("nobody panics while it holds the plan").pop_front();
                let hosts = self.hosts.lock().expect("nobody panics while it holds the list").len();
                self.seen.send_modify(|seen| (seen.cuts, seen.host) = (seen.cuts + 1, (seen.host + 1) % hosts));
                return;
            }
        }
    }

    async fn down(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            if let Some(offset) = offset(&buffer[..count]) {
                self.seen.send_modify(|seen| {
                    let vain = seen.passed.saturating_sub(offset);
                    seen.lost.push(vain.saturating_sub(seen.vain));
                    seen.vain = vain.max(seen.vain);
                });
            }
            if to.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
    }

    /// Bytes until the next cut.
    fn left(&self) -> Option<u64> {
        let plan = self.plan.lock().expect("nobody panics while it holds the plan");
        plan.front().map(|cut| cut.saturating_sub(self.seen.borrow().passed))
    }
}

/// The offset that an answer to `HEAD` names.
fn offset(answer: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(answer).ok()?.to_ascii_lowercase();
    let after = text.strip_prefix("http/1.1 200")?.split_once("upload-offset:")?.1;
    after.lines().next()?.trim().parse().ok()
}
