//! Receivers that answer before they read, or read slowly: who took nothing was given nothing, and nothing goes on behind
//! an attempt that ended.

use std::time::Duration;

use bytes::Bytes;
use lockgate_connectors::{ConnectorsConfig, EgressConfig};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, HttpOptions, HttpTus, S3Options};
use lockgate_core::ports::Connector as _;
use rstest::rstest;

use crate::raw::{Raw, Then};
use crate::world::{World, config, plain};

const MIB: usize = 1024 * 1024;
const PIECE: usize = 8 * MIB;

fn answer(status: &str, headers: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: 0\r\n\r\n")
}

fn tus(url: String) -> Endpoint {
    let options = HttpOptions { tus: Some(HttpTus::default()), ..HttpOptions::default() };
    Endpoint::Http { url, signing_secret: None, bearer_secret: None, options }
}

fn is_early(answer: &Answer) -> bool {
    matches!(answer, Answer::Failed { cause: Cause::ServerError, error, .. } if error.contains("bytes were sent"))
}

#[tokio::test]
async fn who_says_200_without_reading_took_nothing() {
    let receiver = Raw::start(|_| Then::Early(answer("200 OK", ""))).await;
    let outcome = World::new().deliver(plain(receiver.url()), vec![0; 4 * PIECE]).await;
    assert!(is_early(&outcome), "{outcome:?}");
    assert!(receiver.rest().await < 4 * PIECE, "the rest was written after the attempt had ended");
}

#[tokio::test]
async fn an_early_refusal_is_heard_and_ends_the_connection_too() {
    let receiver = Raw::start(|_| Then::Early(answer("413 Content Too Large", ""))).await;
    let outcome = World::new().deliver(plain(receiver.url()), vec![0; 4 * PIECE]).await;
    assert!(matches!(outcome, Answer::Refused { cause: Cause::Refused, .. }), "{outcome:?}");
    assert!(receiver.rest().await < 4 * PIECE);
}

#[tokio::test]
async fn an_attempt_that_is_given_up_takes_its_connection_along() {
    let receiver = Raw::start(|_| Then::Early("HTTP/1.1 200 OK\r\nx: ".to_owned())).await;
    let world = World::new();
    let consigned = world.consigned(plain(receiver.url()), vec![0; 4 * PIECE]);
    {
        let attempt = std::pin::pin!(world.connectors.deliver(&consigned));
        // As when a host stops: it is dropped while it waits.
        tokio::select! {
            outcome = attempt => panic!("{outcome:?}"),
            () = receiver.begun() => {}
        }
    }
    while !receiver.holds() {
        tokio::task::yield_now().await;
    }
    assert!(receiver.rest().await < 4 * PIECE);
}

#[tokio::test]
async fn corrupt_bytes_never_count_as_taken_whatever_was_answered() {
    let receiver = Raw::start(|_| Then::Early(answer("200 OK", ""))).await;
    let world = World::new();
    *world.payloads.broken.lock().unwrap() = true;
    let outcome = world.deliver(plain(receiver.url()), vec![0; 200_000]).await;
    assert!(matches!(outcome, Answer::Failed { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_tus_server_that_confirms_what_was_not_sent_took_nothing() {
    let receiver = Raw::start(|head| match head {
        it if it.starts_with("post") => Then::Early(answer("201 Created", "location: /inbox/1\r\n")),
        it if it.starts_with("patch") => Then::Early(answer("204 No Content", &format!("upload-offset: {PIECE}\r\n"))),
        _ => Then::Early(answer("204 No Content", "")),
    })
    .await;
    let world = World::new();
    let outcome = world.deliver(tus(receiver.url()), vec![0; 2 * PIECE]).await;
    assert!(is_early(&outcome), "{outcome:?}");
    assert!(receiver.rest().await < PIECE);
    assert_eq!(world.passages.kept()[0].0.reached.offset, 0, "nothing is noted as sent");
}

#[rstest]
#[case::in_one_request(PIECE)]
#[case::in_parts(PIECE + 7)]
#[tokio::test]
async fn an_s3_endpoint_that_confirms_what_was_not_sent_took_nothing(#[case] size: usize) {
    let receiver = Raw::start(|head| match head {
        it if it.starts_with("post") && it.contains("?uploads") => {
            let xml = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
            Then::Early(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{xml}", xml.len()))
        }
        _ => Then::Early(answer("200 OK", "etag: \"e\"\r\n")),
    })
    .await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("keys".to_owned(), "a:b".to_owned());
    let endpoint = Endpoint::S3 {
        bucket: "inbox".to_owned(),
        prefix: String::new(),
        endpoint: Some(format!("http://{}", receiver.address)),
        credentials_secret: Some("keys".to_owned()),
        options: S3Options::default(),
    };
    let outcome = world.deliver(endpoint, Bytes::from(vec![0; size])).await;
    assert!(is_early(&outcome), "{outcome:?}");
    assert!(!receiver.seen().iter().any(|line| line.contains("?uploadid")), "{:?}", receiver.seen());
    assert!(receiver.rest().await < PIECE);
}

#[rstest]
#[case::one_request(plain)]
#[case::tus(tus)]
#[tokio::test]
async fn a_receiver_that_reads_slowly_is_waited_for_as_long_as_it_reads(#[case] endpoint: fn(String) -> Endpoint) {
    let receiver = Raw::start(|head| match head {
        it if it.starts_with("options") => Then::Early(answer("204 No Content", "")),
        it if it.starts_with("post") && it.contains("upload-length") => {
            Then::Early(answer("201 Created", "location: /inbox/1\r\n"))
        }
        _ => {
            let answer = answer("204 No Content", &format!("upload-offset: {PIECE}\r\n"));
            Then::Slowly { answer, bytes: 256 * 1024, tick: Duration::from_millis(50) }
        }
    })
    .await;
    // One and a half seconds for all of it, half a second for doing nothing.
    let egress = EgressConfig { slowest: MIB as u64, ..config().egress };
    let world = World::with(&ConnectorsConfig { egress, ..config() });
    let outcome = world.deliver(endpoint(receiver.url()), vec![0; PIECE]).await;
    assert!(matches!(outcome, Answer::Taken { .. }), "{outcome:?}");
}
