//! More connections than there is room for.

use super::*;

async fn refused(stage: &Stage) -> serde_json::Value {
    let answer = stage.ask("/").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    assert!(head.contains("application/problem+json") && head.contains("retry-after"), "{head}");
    serde_json::from_str(body).expect("the length is right and the document is JSON")
}

#[rstest::rstest]
#[case::in_all(Bounds { connections: 3, ..bounds() })]
#[case::from_one_address(Bounds { connections_per_address: 3, ..bounds() })]
#[tokio::test]
async fn one_connection_too_many_is_refused_at_once(#[case] bounds: Bounds) {
    let stage = Stage::set(bounds, None).await;
    // Connections are taken in their order: who comes first is in once a later one's request has begun.
    let mut idle = stage.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\n").await.expect("it is taken");
    let mut streams = vec![];
    for _ in 0..2 {
        let mut stream = stage.connect().await;
        stream.write_all(b"GET /wait HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("it is taken");
        stage.began.notified().await;
        streams.push(stream);
    }
    let problem = refused(&stage).await;
    assert_eq!((&problem["code"], &problem["status"]), (&"TEMPORARILY_UNAVAILABLE".into(), &503.into()));
    // Who ends makes room; a request under way would first run to its end.
    drop(idle);
    while stage.ask("/").await.starts_with("HTTP/1.1 503") {
        tokio::task::yield_now().await;
    }
}
