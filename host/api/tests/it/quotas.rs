//! A partner's own quotas: set by operators, seen by them and the partner, kept by the announcement.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::assembling::of;
use crate::house::{Answer, House, code};

const SET: &str = include_str!("../../../../graphql/operations/set-partner-quotas.graphql");
const SHOW: &str = include_str!("../../../../graphql/operations/quotas.graphql");

async fn hand_in(house: &House, name: &str, bytes: &'static str) -> Answer {
    let request = Request::post(format!("/transfers?to=globex&filename={name}"))
        .header("authorization", format!("Bearer {}", house.token(&house.acme)))
        .header("content-type", "text/csv")
        .header("content-length", bytes.len())
        .body(Body::from(bytes))
        .expect("a request");
    house.send(request).await
}

fn standing(limit: Value, own: bool, used: u64) -> Value {
    json!({ "limit": limit, "own": own, "used": used })
}

#[tokio::test]
async fn an_operator_bounds_what_one_partner_stores_and_the_refusal_names_bound_use_and_remedy() {
    let house = House::new().await;
    let input = json!({ "input": { "partner": "acme", "storedBytes": 20 } });
    let refused = house.ask(&house.token(&house.acme), SET, input.clone()).await;
    assert_eq!(code(&refused), "FORBIDDEN", "nobody sets its own bounds");
    let set = house.ask(&house.operator(), SET, input).await;
    assert_eq!(
        set["data"]["setPartnerQuotas"]["partner"]["quotas"]["storedBytes"],
        standing(json!(20), true, 0),
        "{set}"
    );

    assert_eq!(hand_in(&house, "one.csv", "id,name\n1,ann\n").await.status, StatusCode::CREATED);
    let full = hand_in(&house, "two.csv", "id,name\n2,bob\n").await;
    assert_eq!((full.status, full.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "QUOTA_EXCEEDED"));
    let why = "`storedBytes`: of 20 are 14 in use and it takes 14; wait until transfers that are kept are removed, end \
               partial uploads";
    let problem = full.json();
    assert!(problem["detail"].as_str().expect("a sentence").contains(why), "{problem}");
    assert!(problem.get("retry_after_seconds").is_none(), "no time helps: {problem}");

    for (token, sees) in
        [(house.token(&house.acme), true), (house.operator(), true), (house.token(&house.globex), false)]
    {
        let shown = house.ask(&token, SHOW, json!({ "partner": "acme" })).await;
        let quotas = &shown["data"]["partner"]["quotas"];
        if sees {
            assert_eq!(quotas["storedBytes"], standing(json!(20), true, 14), "{shown}");
            assert_eq!(quotas["transfersPerDay"]["own"], json!(false));
        } else {
            assert_eq!((&shown["data"]["partner"]["slug"], quotas), (&json!("acme"), &Value::Null), "{shown}");
        }
    }
}

#[tokio::test]
async fn parts_are_bounded_as_they_begin_and_not_a_second_time_as_they_are_assembled() {
    let house = House::new().await;
    let input = json!({ "input": { "partner": "acme", "storedBytes": 20 } });
    house.ask(&house.operator(), SET, input).await;
    let (hello, world) = (house.partial("hello ").await, house.partial("world").await);
    let third = house.begin(20).await;
    assert_eq!((third.status, third.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "QUOTA_EXCEEDED"));
    let why = "this goes beyond the quota `storedBytes`: of 20 are 11 in use and it takes 20";
    assert!(third.json()["detail"].as_str().expect("a sentence").contains(why), "{}", third.json());
    let assembled = house.assemble(of(&[&hello, &world])).await;
    assert_eq!((assembled.status, assembled.header("upload-offset")), (StatusCode::CREATED, "11"));
    assert_eq!(house.begin(1).await.code(), "QUOTA_EXCEEDED", "parts and whole are in store");
    for part in [hello, world] {
        let end = house.tus("DELETE", &part).body(Body::empty()).expect("a request");
        assert_eq!(house.send(end).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(house.begin(9).await.status, StatusCode::CREATED);
}
