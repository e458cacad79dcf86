//! Clients that send next to nothing, or take nothing.

use rustix::process::{Resource, getrlimit};

use super::*;

const SHORT: Duration = Duration::from_millis(200);

/// As many as there may be: each takes a descriptor on both sides.
fn dribblers() -> usize {
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(400).min(10_000) / 2
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_that_dribble_headers_leave_others_served_and_are_cut_off() {
    let count = dribblers();
    assert!(count >= 200, "raise `ulimit -n` to at least 1000 for this test; 10400 allows all 5,000");
    let stage = Stage::set(Bounds { header_timeout: Duration::from_secs(2), ..bounds() }, None).await;
    let mut streams = vec![];
    for number in 0..count {
        let mut stream = stage.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nx-").await.expect("it is taken");
        streams.push(stream);
        if number % 500 == 0 {
            stage.is_served().await;
        }
    }
    for stream in &mut streams {
        // The first ones may be cut off already; a byte now and then does not save the others.
        let _ = stream.write_all(b"a").await;
    }
    stage.is_served().await;
    for mut stream in streams {
        assert_eq!(said(&mut stream).await, "", "nothing is said to them");
    }
    stage.is_served().await;
}

#[rstest::rstest]
#[case::nothing(b"")]
#[case::half_a_preface(b"PRI * HTTP/2.0\r\n")]
#[case::half_a_method(b"GE")]
#[case::half_a_header(b"GET / HTTP/1.1\r\nhost: te")]
#[case::a_second_request_that_is_never_complete(b"GET / HTTP/1.1\r\nhost: t\r\n\r\nGET / HTT")]
#[tokio::test]
async fn headers_that_never_end_end_the_connection(#[case] begun: &[u8]) {
    // The last case waits as an idle connection: its bytes came while the first request was answered.
    let stage = Stage::set(Bounds { header_timeout: SHORT, idle_timeout: SHORT, ..bounds() }, None).await;
    let mut stream = stage.connect().await;
    stream.write_all(begun).await.expect("it is taken");
    let answers = said(&mut stream).await.matches("HTTP/1.1 200").count();
    assert_eq!(answers, usize::from(begun.len() > 30));
    stage.is_served().await;
}

#[tokio::test]
async fn a_request_whose_headers_came_in_pieces_may_take_longer_than_they() {
    let stage = Stage::set(Bounds { header_timeout: SHORT, ..bounds() }, None).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: t").await.expect("it is taken");
    // One thread serves both: by now the first piece was read.
    stage.is_served().await;
    stream.write_all(b"est\r\nconnection: close\r\n\r\n").await.expect("it is taken");
    stage.began.notified().await;
    // Whoever began later and never gets to the end of its headers was cut off meanwhile.
    let mut late = stage.connect().await;
    late.write_all(b"GET / HT").await.expect("it is taken");
    assert_eq!(said(&mut late).await, "");
    stage.go.notify_one();
    assert!(said(&mut stream).await.ends_with("done"));
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let stage = Stage::set(Bounds { idle_timeout: SHORT, ..bounds() }, None).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("it is taken");
    assert!(said(&mut stream).await.ends_with("served"));
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let stage = Stage::set(Bounds { write_timeout: SHORT, ..bounds() }, None).await;
    let mut stream = stage.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("it is taken");
    stage.stop.cancel();
    // Only because that client is cut off does the listener end: its answer never would.
    stage.serving.await.expect("no panic").expect("it ends well");
    drop(stream);
}

#[tokio::test]
async fn headers_larger_than_allowed_are_refused() {
    let stage = Stage::set(bounds(), None).await;
    let mut stream = stage.connect().await;
    let request = format!("GET / HTTP/1.1\r\nhost: test\r\nx-large: {}\r\n\r\n", "x".repeat(64 * 1024));
    // It may be refused before all of it is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let answer = said(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    stage.is_served().await;
}
