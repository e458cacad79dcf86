//! Passphrases of secure URLs from outside: brought by many at once, and by who does not wait for the answer.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt;
use futures::future::join_all;
use serde_json::json;

use crate::house::{Answer, House};

async fn fetch(house: &House, path: &str, passphrase: &str) -> Answer {
    let basic = format!("Basic {}", STANDARD.encode(format!(":{passphrase}")));
    house.send(Request::get(path).header("authorization", basic).body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn many_who_bring_the_right_passphrase_at_once_all_get_in() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({ "maxUses": 20, "passphrase": "correct horse" })).await;
    for answer in join_all((0..20).map(|_| fetch(&house, &url.path, "correct horse"))).await {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&answer.body));
    }
}

#[tokio::test]
async fn a_guess_is_counted_also_if_nobody_waits_for_its_answer() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({ "passphrase": "correct horse" })).await;
    for _ in 0..10 {
        // Begun, and gone before there is an answer.
        assert!(fetch(&house, &url.path, "a guess").now_or_never().is_none());
    }
    house.carried.close();
    house.carried.wait().await;
    let late = fetch(&house, &url.path, "correct horse").await;
    assert_eq!(late.code(), "SECURE_URL_ENDED");
}
