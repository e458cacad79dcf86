//! Receivers that take whatever comes and do not answer, or not to the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

/// How it hangs.
#[derive(Clone, Copy)]
pub(super) enum Manner {
    /// It never says a word.
    Silent,
    /// Its answer comes byte by byte and never gets to its end.
    Dripping,
    /// It takes the request, and its answer's body is a gibibyte.
    Flooding,
}

/// A receiver that hangs; ends with the runtime of its test.
pub(super) struct Hanging {
    pub(super) url: String,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Hanging {
    pub(super) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/inbox", listener.local_addr().expect("it is bound"));
        let counts = Arc::new(Counts::default());
        let counting = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let counts = Arc::clone(&counting);
                tokio::spawn(async move {
                    counts.begun.fetch_add(1, Ordering::SeqCst);
                    hang(socket, manner).await;
                    counts.ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { url, counts }
    }

    /// How many connections were ever made.
    pub(super) fn begun(&self) -> usize {
        self.counts.begun.load(Ordering::SeqCst)
    }

    /// How many of them ended.
    pub(super) fn ended(&self) -> usize {
        self.counts.ended.load(Ordering::SeqCst)
    }
}

/// Reads one request to its end; whether it came whole.
async fn take(from: &mut OwnedReadHalf) -> bool {
    let (mut request, mut buffer) = (String::new(), vec![0; 64 * 1024]);
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return false };
        request += &String::from_utf8_lossy(&buffer[..count]);
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return true;
        }
    }
}

/// Until the other side hangs up.
async fn hang(socket: TcpStream, manner: Manner) {
    let (mut from, mut to) = socket.into_split();
    // Who answers before it was told everything is no receiver that hangs, but a broken one.
    if !take(&mut from).await {
        return;
    }
    let mut buffer = vec![0; 64 * 1024];
    let taking = async { while let Ok(1..) = from.read(&mut buffer).await {} };
    let answering = async {
        match manner {
            Manner::Silent => {}
            Manner::Dripping => {
                let mut ticks = tokio::time::interval(Duration::from_millis(100));
                for byte in b"HTTP/1.1 200 OK\r\nx-slow: ".iter().chain(std::iter::repeat(&b'y')) {
                    ticks.tick().await;
                    if to.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                }
            }
            Manner::Flooding => {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 1u64 << 30);
                let mut sent = to.write_all(head.as_bytes()).await;
                while sent.is_ok() {
                    sent = to.write_all(&[b'x'; 16 * 1024]).await;
                }
            }
        }
    };
    tokio::join!(taking, answering);
}
