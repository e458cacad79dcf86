//! Uploads over HTTP/2 that are cut: what came is kept, though the request that brought it is gone at once.

use bytes::Bytes;
use h2::client::{SendRequest, handshake};
use h2::{Reason, SendStream};
use http::{Method, Request};
use lockgate_testkit::waiting::until;
use rstest::rstest;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::stage::Stage;

const MIB: usize = 1 << 20;
/// The host grants so much of a request's body ahead of whoever reads it.
const WINDOW: usize = MIB;
/// Less than a part: without a pause none of it is in S3.
const SENT: usize = 4 * MIB;

/// How a client loses its upload.
#[derive(Clone, Copy)]
enum Cut {
    TakenBack(Reason),
    Line,
}

/// A connection of HTTP/2 without TLS.
struct Line {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<()>,
    host: String,
}

impl Line {
    async fn to(host: &str) -> Self {
        let socket = TcpStream::connect(host.trim_start_matches("http://")).await.expect("the host listens");
        let (requests, connection) = handshake(socket).await.expect("HTTP/2 is spoken");
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Self { requests, connection, host: host.to_owned() }
    }

    /// Begins a request and sends so much of its body that the host has read all but a window of it.
    async fn begin(&mut self, method: Method, path: &str, token: &str, headers: &[(&str, &str)]) -> SendStream<Bytes> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.host));
        request = request.header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(()).expect("a valid request");
        let requests = self.requests.clone().ready().await.expect("the connection is open");
        self.requests = requests;
        // The answer never comes, and is not waited for; the stream lives as long as its other half.
        let (answer, mut body) = self.requests.send_request(request, false).expect("the request is taken");
        tokio::spawn(answer);
        let mut sent = 0;
        while sent < SENT {
            body.reserve_capacity(SENT - sent);
            let granted = std::future::poll_fn(|cx| body.poll_capacity(cx)).await;
            let granted = granted.expect("the stream is open").expect("the connection is open").min(SENT - sent);
            body.send_data(Bytes::from(vec![b'x'; granted]), false).expect("it was granted");
            sent += granted;
        }
        body
    }

    async fn cut(self, mut body: SendStream<Bytes>, how: Cut) {
        match how {
            Cut::TakenBack(reason) => {
                body.send_reset(reason);
                drop(body);
                drop(self.requests);
                // It ends when all of its streams have.
                self.connection.await.expect("no panic");
            }
            Cut::Line => self.connection.abort(),
        }
    }
}

#[rstest]
#[case::by_its_client(Cut::TakenBack(Reason::CANCEL))]
#[case::by_its_client_without_an_error(Cut::TakenBack(Reason::NO_ERROR))]
#[case::with_its_line(Cut::Line)]
#[tokio::test(flavor = "multi_thread")]
async fn what_a_cut_upload_brought_is_kept_over_http2(#[case] how: Cut) {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    let token = stage.token("acme");
    let tus = ("tus-resumable", "1.0.0");

    let metadata = "to Z2xvYmV4,filename YS50eHQ=";
    let length = (2 * SENT).to_string();
    let announce = [tus, ("upload-length", length.as_str()), ("upload-metadata", metadata)];
    let created = stage.headers(Method::POST, "/uploads", &token, &announce).await;
    let path = created["location"].to_str().expect("a URL").to_owned();
    let path = path.strip_prefix(&stage.api(0)).expect("a URL of this host").to_owned();

    let mut line = Line::to(&stage.api(0)).await;
    let chunk = [tus, ("upload-offset", "0"), ("content-type", "application/offset+octet-stream")];
    let body = line.begin(Method::PATCH, &path, &token, &chunk).await;
    line.cut(body, how).await;

    until("what came is kept", async || {
        let at = stage.headers(Method::HEAD, &path, &token, &[tus]).await;
        let offset: usize = at["upload-offset"].to_str().expect("digits").parse().expect("a number");
        if offset >= SENT - WINDOW { Ok(()) } else { Err(offset) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_file_that_was_taken_back_is_no_transfer() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    let token = stage.token("acme");
    let mut states = vec![];
    for reason in [Reason::NO_ERROR, Reason::CANCEL] {
        let mut line = Line::to(&stage.api(0)).await;
        // Its length is not announced: the end of the body is the end of the file.
        let body = line.begin(Method::POST, "/transfers?to=globex&filename=a.txt", &token, &[]).await;
        line.cut(body, Cut::TakenBack(reason)).await;
        let query = "query { transfers(first: 10) { nodes { state } } }";
        let ended = |it: &serde_json::Value| {
            let nodes = it["transfers"]["nodes"].as_array().cloned().unwrap_or_default();
            nodes.len() > states.len() && nodes.iter().all(|it| it["state"] != "ANNOUNCED")
        };
        let found = stage.until("it ends", query, serde_json::json!({}), ended).await;
        states = found["transfers"]["nodes"].as_array().expect("a list").clone();
    }
    assert!(states.iter().all(|it| it["state"] == "CANCELLED"), "{states:?}");
}
