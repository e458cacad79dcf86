//! Uploads on the wire: a raw client that lies about its length and cuts its connection at any byte.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use lockgate_core::digest::Digest;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::house::House;

const SIZE: usize = 5_000;

impl House {
    /// Serves the installation on a real port.
    async fn listen(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    }

    fn raw(&self, path: &str, offset: usize, length: usize) -> Vec<u8> {
        format!(
            "PATCH {path} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\n\
             Content-Type: application/offset+octet-stream\r\nUpload-Offset: {offset}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n",
            self.token(&self.acme)
        )
        .into_bytes()
    }

    async fn offset(&self, path: &str) -> usize {
        self.head(path).await.header("upload-offset").parse().expect("a number")
    }
}

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| u8::try_from(at * 31 % 251).expect("below 256")).collect()
}

/// Sends that and breaks the connection; returns once the server has noticed.
async fn cut(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(bytes).await.expect("a server that listens");
    stream.shutdown().await.expect("a connection that is open");
    let _ended = stream.read_to_end(&mut vec![]).await;
}

/// Sends that and waits for the answer.
async fn say(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    // A server may have answered and closed before all was sent.
    let _sent = stream.write_all(bytes).await;
    let mut answer = vec![];
    let _ended = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends the rest again and again, each time cut after so many bytes of the request, head included.
async fn carry(cuts: &[usize]) -> Result<(), TestCaseError> {
    let house = House::new().await;
    let address = house.listen().await;
    let (path, bytes) = (house.create(SIZE as u64).await, content());
    for at in cuts {
        let before = house.offset(&path).await;
        let mut request = house.raw(&path, before, SIZE - before);
        let head = request.len();
        request.extend_from_slice(&bytes[before..]);
        let at = (*at).min(request.len() - 1);
        cut(address, &request[..at]).await;
        prop_assert_eq!(house.offset(&path).await, before + at.saturating_sub(head), "what came is kept, no more");
    }
    let at = house.offset(&path).await;
    let mut rest = house.raw(&path, at, SIZE - at);
    rest.extend_from_slice(&bytes[at..]);
    let answer = say(address, &rest).await;
    prop_assert!(answer.starts_with("HTTP/1.1 204"), "{answer:?} at {at}");
    let query = "{ transfers { nodes { state source { digest } } } }";
    let seen = house.ask(&house.token(&house.acme), query, json!({})).await;
    let wanted = json!([{ "state": "RECEIVED", "source": { "digest": Digest::of(&bytes).to_string() } }]);
    prop_assert_eq!(&seen["data"]["transfers"]["nodes"], &wanted);
    Ok(())
}

#[test]
fn connections_cut_at_any_byte_lose_nothing_that_came_and_keep_nothing_else() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(1usize..SIZE + 600, 1..6), |cuts| runtime.block_on(carry(&cuts)))
        .expect("every file arrives");
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_kept_though_its_client_resets_the_connection() {
    let house = House::new().await;
    let address = house.listen().await;
    let path = house.create(10).await;
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = String::from_utf8(house.raw(&path, 0, 8)).expect("ASCII");
    let head = head.replace("Connection: close", "Connection: close\r\nExpect: 100-continue");
    stream.write_all(head.as_bytes()).await.expect("a server that listens");
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.expect("it is asked for the body");
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").await.expect("it is taken");
    // On loopback these bytes have arrived; what follows them is a reset, and no end.
    stream.set_zero_linger().expect("it is open");
    drop(stream);
    let until = Instant::now() + Duration::from_secs(60);
    while house.offset(&path).await != 3 {
        assert!(Instant::now() < until, "what came is not kept");
        tokio::task::yield_now().await;
    }
    let rest = [house.raw(&path, 3, 7), b"defghij".to_vec()].concat();
    let answer = say(address, &rest).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_a_broken_connection_and_a_longer_one_another_request() {
    let house = House::new().await;
    let address = house.listen().await;
    let path = house.create(10).await;
    let short = [house.raw(&path, 0, 8), b"abc".to_vec()].concat();
    cut(address, &short).await;
    assert_eq!(house.offset(&path).await, 3);
    let long = [house.raw(&path, 3, 2), b"de------".to_vec()].concat();
    let answer = say(address, &long).await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(house.offset(&path).await, 5, "what follows the length is no part of the body");
    let over = [house.raw(&path, 5, 6), b"fghijk".to_vec()].concat();
    let answer = say(address, &over).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("UPLOAD_TOO_LONG"), "{answer}");
    assert_eq!(house.offset(&path).await, 5);
}
