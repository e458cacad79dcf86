//! Too many requests, too many bad tokens, and what that leaves of everybody else.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lockgate_api::ClientAddress;
use serde_json::json;

use crate::house::{Answer, BAD_TOKENS, House, REQUESTS, code};

const ATTACKER: &str = "198.51.100.66";

/// Asks for nothing much with that token from that address.
async fn ask(house: &House, token: &str, address: &str) -> Answer {
    let mut request = Request::post("/graphql")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(r#"{"query":"{ viewer { role } }"}"#))
        .expect("a request");
    request.extensions_mut().insert(ClientAddress(address.parse::<IpAddr>().expect("an address")));
    house.send(request).await
}

/// Such a token, with another signature each time.
fn forged(good: &str, number: usize) -> String {
    let (signed, _) = good.rsplit_once('.').expect("a token has three parts");
    format!("{signed}.{number:086}")
}

#[tokio::test]
async fn ten_thousand_bogus_tokens_are_refused_without_sql_and_without_hurting_others() {
    let house = House::new().await;
    let known = house.token(&house.acme);
    assert_eq!(ask(&house, &known, ATTACKER).await.status, StatusCode::OK);
    let before = (house.ledger.asked(), house.reads.opened());
    let (mut unknown, mut unread) = (0, 0);
    for number in 0..10_000 {
        let answer = ask(&house, &forged(&known, number), ATTACKER).await;
        match answer.status {
            StatusCode::UNAUTHORIZED => unknown += 1,
            StatusCode::TOO_MANY_REQUESTS => unread += 1,
            other => panic!("{other}: {}", answer.json()),
        }
    }
    assert_eq!((unknown, unread), (BAD_TOKENS.requests, 10_000 - BAD_TOKENS.requests));
    assert_eq!((house.ledger.asked(), house.reads.opened()), before, "nothing was read or written for it");
    // A user behind the same address goes on, and everybody elsewhere does not notice.
    assert_eq!(ask(&house, &known, ATTACKER).await.status, StatusCode::OK);
    assert_eq!(ask(&house, &house.token(&house.globex), "198.51.100.67").await.status, StatusCode::OK);
    // When the window is over, new tokens from there are looked at again.
    house.clock.advance(BAD_TOKENS.window);
    assert_eq!(ask(&house, &forged(&known, 1), ATTACKER).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_address_with_too_many_bad_tokens_is_told_how_long_to_wait() {
    let house = House::new().await;
    for number in 0..BAD_TOKENS.requests as usize {
        ask(&house, &forged(&house.operator(), number), "2001:db8::1").await;
    }
    house.clock.advance(Duration::from_millis(20_500));
    let answer = ask(&house, &house.token(&house.acme), "2001:db8::ffff").await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "the whole /64 is one address");
    assert_eq!(answer.header("retry-after"), "40");
    let error = &answer.json()["errors"][0];
    assert_eq!(
        error["extensions"],
        json!({
            "code": "RATE_LIMITED", "limit": 60, "windowSeconds": 60, "retryAfterSeconds": 40
        })
    );
    assert_eq!(ask(&house, &house.token(&house.acme), "2001:db8:0:1::1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_that_have_expired_lock_nobody_out() {
    let house = House::new().await;
    let now = crate::identity::issuer::now();
    for number in 0..2 * u64::from(BAD_TOKENS.requests) {
        let late = house.issuer.with_all(&[("nbf", json!(now - 900)), ("exp", json!(now - 60 - number))]);
        let answer = ask(&house, &late, ATTACKER).await;
        assert_eq!((answer.status, code(&answer.json())), (StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED"));
    }
    // One that was never seen here, from the same address.
    assert_eq!(ask(&house, &house.token(&house.globex), ATTACKER).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_user_with_too_many_requests_is_told_by_every_route_and_others_are_not() {
    let house = House::new().await;
    let token = house.token(&house.acme);
    for left in (0..REQUESTS.requests).rev() {
        let answer = ask(&house, &token, ATTACKER).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-remaining"), left.to_string());
    }
    let asked = house.ledger.asked();
    house.clock.advance(Duration::from_secs(15));
    let graphql = ask(&house, &token, ATTACKER).await;
    assert_eq!((graphql.status, code(&graphql.json())), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    let get = Request::get("/transfers/trf_1/payload").header("authorization", format!("Bearer {token}"));
    let rest = house.send(get.body(Body::empty()).expect("a request")).await;
    assert_eq!((rest.status, rest.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"));
    let problem = rest.json();
    let facts = (&problem["limit"], &problem["window_seconds"], &problem["retry_after_seconds"]);
    assert_eq!(facts, (&1000.into(), &60.into(), &45.into()), "{problem}");
    for answer in [&graphql, &rest] {
        assert_eq!(answer.header("retry-after"), "45");
        assert_eq!(answer.header("ratelimit-policy"), "\"requests\";q=1000;w=60");
        assert_eq!(answer.header("ratelimit"), "\"requests\";r=0;t=45");
        let classic = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| answer.header(name));
        assert_eq!(classic, ["1000", "0", "45"]);
    }
    assert_eq!(house.ledger.asked(), asked + 1, "only the first refusal asks whether anything is left");
    assert_eq!(ask(&house, &house.token(&house.globex), ATTACKER).await.status, StatusCode::OK);
    house.clock.advance(Duration::from_secs(45));
    assert_eq!(ask(&house, &token, ATTACKER).await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_may_not_ask_is_told_so_before_the_body_is_read() {
    let house = House::new().await;
    let never = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = Request::post("/graphql").header("content-type", "application/json").body(never).expect("a request");
    assert_eq!(house.send(request).await.status, StatusCode::UNAUTHORIZED);
}
