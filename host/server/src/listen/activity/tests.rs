//! Since when a client takes nothing of an answer.

use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use http_body_util::BodyExt as _;

use super::*;
use crate::listen::tests::bounds;

/// Since when nothing was taken, on HTTP/2.
fn untaken_since(activity: &Activity) -> Instant {
    match activity.due(&bounds(), true) {
        Due::Taken(at) => at - bounds().write_timeout,
        other => panic!("something else is due: {other:?}"),
    }
}

#[tokio::test]
async fn each_piece_of_an_answer_has_its_time() {
    let activity = Activity::new();
    let begun = Instant::now();
    let mut answer = activity.begin().answer(Body::from(vec![b'x'; 40 * 1024]), true);
    let waited_for = Instant::now();
    assert!((begun..=waited_for).contains(&untaken_since(&activity)), "its first piece waits");
    assert_eq!(activity.due(&bounds(), false), Due::Never, "on HTTP/1 the line tells");
    for size in [16, 16, 8] {
        let asked = Instant::now();
        let piece = answer.frame().await.expect("a piece").expect("memory does not fail");
        assert_eq!(piece.data_ref().map(Bytes::len), Some(size * 1024));
        let given = Instant::now();
        assert!((asked..=given).contains(&untaken_since(&activity)), "this piece waits, not the one before");
    }
    drop(answer);
    assert!(matches!(activity.due(&bounds(), true), Due::Idle(_)));
}

#[tokio::test]
async fn what_does_not_come_yet_is_not_the_clients_fault() {
    let activity = Activity::new();
    let handling = activity.begin();
    let now = Instant::now();
    assert!(untaken_since(&activity) >= now, "the handler is at work");
    let slow = stream::iter([Ok::<_, std::io::Error>("a")]).chain(stream::pending());
    let mut answer = handling.answer(Body::from_stream(slow), true);
    answer.frame().await.expect("a piece").expect("memory does not fail");
    assert!(futures::poll!(std::pin::pin!(answer.frame())).is_pending());
    let now = Instant::now();
    assert!(untaken_since(&activity) >= now, "the client has taken all there is");
}

#[tokio::test]
async fn an_answer_that_is_not_taken_counts_beside_one_that_is() {
    let activity = Activity::new();
    let _untaken = activity.begin().answer(Body::from("a"), true);
    let begun = Instant::now();
    let mut taken = activity.begin().answer(Body::from(vec![b'x'; 200 * 1024]), true);
    while taken.frame().await.is_some() {}
    assert!(untaken_since(&activity) <= begun);
}
