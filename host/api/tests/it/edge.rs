//! Bodies that do not come, hosts that stop, and errors that no handler of ours wrote.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use futures::{StreamExt, stream};
use lockgate_api::Pace;
use rstest::rstest;
use tokio::sync::{Notify, watch};

use crate::house::{Answer, House};

/// Fifty bytes, and then nothing for ever.
fn stuck() -> Body {
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 50]))]);
    Body::from_stream(begun.chain(stream::pending()))
}

async fn announce(house: &House) -> String {
    let request = Request::post("/uploads")
        .header("authorization", format!("Bearer {}", house.token(&house.acme)))
        .header("tus-resumable", "1.0.0")
        .header("upload-length", "100")
        .header("upload-metadata", "to Z2xvYmV4,filename YS50eHQ=")
        .body(Body::empty())
        .expect("a request");
    let answer = house.send(request).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.body));
    answer.header("location").replace("https://lockgate.example", "")
}

async fn patch(house: &House, upload: &str, offset: u64, body: Body) -> Answer {
    let request = Request::patch(upload)
        .header("authorization", format!("Bearer {}", house.token(&house.acme)))
        .header("tus-resumable", "1.0.0")
        .header("content-type", "application/offset+octet-stream")
        .header("upload-offset", offset.to_string())
        .body(body)
        .expect("a request");
    house.send(request).await
}

#[tokio::test]
async fn an_upload_that_stops_coming_is_ended_and_goes_on_from_where_it_stood() {
    let pace = Pace { window: Duration::from_millis(50), bytes_per_second: 1000 };
    let house = House::with(|settings| settings.pace = pace).await;
    let upload = announce(&house).await;
    let answer = patch(&house, &upload, 0, stuck()).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT".to_owned()));
    assert_eq!((answer.header("upload-offset"), answer.header("tus-resumable")), ("50", "1.0.0"));
    assert!(answer.json()["detail"].as_str().is_some_and(|it| it.contains("1000 bytes a second")), "{}", answer.json());
    let rest = patch(&house, &upload, 50, Body::from(vec![b'y'; 50])).await;
    assert_eq!((rest.status, rest.header("upload-offset")), (StatusCode::NO_CONTENT, "100"));
}

#[tokio::test]
async fn an_upload_under_way_is_kept_and_sent_elsewhere_when_the_host_stops() {
    let stop = watch::Sender::new(false);
    let house = House::with(|settings| settings.bodies_end = stop.subscribe()).await;
    let upload = announce(&house).await;
    let taken = Arc::new(Notify::new());
    let tells = Arc::clone(&taken);
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 50]))]);
    let never = stream::once(async move {
        tells.notify_one();
        std::future::pending().await
    });
    let (answer, ()) = tokio::join!(patch(&house, &upload, 0, Body::from_stream(begun.chain(never))), async {
        taken.notified().await;
        stop.send_replace(true);
    });
    assert_eq!((answer.status, answer.code()), (StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE".to_owned()));
    assert_eq!((answer.header("upload-offset"), answer.header("retry-after")), ("50", "2"));
    // As another host, which does not stop.
    stop.send_replace(false);
    let rest = patch(&house, &upload, 50, Body::from(vec![b'y'; 50])).await;
    assert_eq!((rest.status, rest.header("upload-offset")), (StatusCode::NO_CONTENT, "100"));
}

#[tokio::test]
async fn a_query_that_stops_coming_is_ended() {
    let pace = Pace { window: Duration::from_millis(50), bytes_per_second: 1000 };
    let house = House::with(|settings| settings.pace = pace).await;
    let token = format!("Bearer {}", house.token(&house.acme));
    let request = Request::post("/graphql").header("authorization", token).header("content-type", "application/json");
    let request = request.body(stuck()).expect("a request");
    let answer = house.send(request).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT".to_owned()));
    assert_eq!(house.reads.opened(), 0);
}

#[rstest]
#[case(Method::GET, "/nothing", 404, "RESOURCE_NOT_FOUND")]
#[case(Method::GET, "/", 404, "RESOURCE_NOT_FOUND")]
#[case(Method::GET, "/transfers/../../etc/passwd", 404, "RESOURCE_NOT_FOUND")]
#[case(Method::DELETE, "/graphql", 405, "METHOD_NOT_ALLOWED")]
#[case(Method::PUT, "/transfers", 405, "METHOD_NOT_ALLOWED")]
#[case(Method::PATCH, "/plugins", 405, "METHOD_NOT_ALLOWED")]
#[case(Method::GET, "/transfers/%ff/payload", 400, "INVALID_INPUT")]
#[case(Method::POST, "/transfers?to=globex&filename=a", 401, "UNAUTHENTICATED")]
#[case(Method::GET, "/transfers/trf_1/payload", 401, "UNAUTHENTICATED")]
#[tokio::test]
async fn every_refusal_is_a_problem_document(
    #[case] method: Method,
    #[case] path: &str,
    #[case] status: u16,
    #[case] code: &str,
) {
    let house = House::new().await;
    // Tokens are asked for before paths are read.
    let token = format!("Bearer {}", if status == 400 { house.token(&house.acme) } else { String::new() });
    let request = Request::builder().method(method).uri(path).header("authorization", token);
    let request = request.header("x-request-id", "asked-by-a-test-1").body(Body::empty()).expect("a request");
    let answer = house.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("x-request-id"), "asked-by-a-test-1");
    let problem = answer.json();
    assert_eq!((&problem["request_id"], &problem["status"]), (&"asked-by-a-test-1".into(), &status.into()));
    assert!(problem["type"].as_str().is_some_and(|it| it.starts_with("urn:lockgate:error:")), "{problem}");
}
