//! Stopping: what is under way ends, what would never end is cut, nothing new begins.

use super::*;

const SHORT: Duration = Duration::from_millis(300);

async fn waiting(stage: &Stage) -> TcpStream {
    let mut stream = stage.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("it is taken");
    stage.began.notified().await;
    stream
}

#[tokio::test]
async fn a_request_under_way_is_answered_and_idle_connections_close() {
    let stage = Stage::set(bounds(), None).await;
    let mut idle = stage.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.expect("it is taken");
    let mut silent = stage.connect().await;
    let mut busy = waiting(&stage).await;
    stage.stop.cancel();
    assert!(said(&mut idle).await.ends_with("served"));
    assert_eq!(said(&mut silent).await, "");
    while TcpStream::connect(stage.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stage.go.notify_one();
    let answer = said(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"), "{answer}");
    stage.serving.await.expect("no panic").expect("it ends well");
    assert!(!*stage.bodies_end.borrow(), "nobody had to be told to end");
}

#[tokio::test]
async fn what_goes_on_beyond_its_connection_is_waited_for() {
    let mut stage = Stage::set(Bounds { drain: SHORT, ..bounds() }, None).await;
    let (goes_on, waits) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (go, waiting) = (Arc::clone(&goes_on), Arc::clone(&waits));
    let setting_down = stage.carried.spawn(async move {
        waiting.notify_one();
        go.notified().await;
    });
    waits.notified().await;
    stage.stop.cancel();
    stage.bodies_end.wait_for(|it| *it).await.expect("it is said");
    assert!(!stage.serving.is_finished(), "nobody is connected, but something is still set down");
    goes_on.notify_one();
    setting_down.await.expect("no panic");
    stage.serving.await.expect("no panic").expect("it ends well");
}

#[tokio::test]
async fn bodies_are_told_to_end_before_the_rest_is_cut() {
    let mut stage = Stage::set(Bounds { drain: SHORT, ..bounds() }, None).await;
    let mut busy = waiting(&stage).await;
    stage.stop.cancel();
    stage.bodies_end.wait_for(|it| *it).await.expect("it is said");
    assert!(!stage.serving.is_finished(), "there is time to keep what came");
    assert_eq!(said(&mut busy).await, "", "a request that does not end is cut off");
    stage.serving.await.expect("no panic").expect("it ends well");
}
