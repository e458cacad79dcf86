//! Fetching payloads: who may, which part, under which name.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::id::PayloadId;
use lockgate_core::payload::Payload;
use lockgate_core::provenance::EntryKind;
use lockgate_core::time::Clock;
use rstest::rstest;
use serde_json::json;

use crate::house::{Answer, House};

impl House {
    async fn fetch(&self, token: &str, id: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request =
            Request::get(format!("/transfers/{id}/payload")).header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).expect("a request")).await
    }
}

#[tokio::test]
async fn gives_a_sender_what_it_sent_and_notes_the_fetch() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let answer = house.fetch(&house.token(&house.acme), &id, &[]).await;
    assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::OK, b"hello world".as_slice()));
    assert_eq!(answer.header("content-type"), "text/plain");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-disposition").starts_with("attachment; "));
    let entries = house.store.provenance(id.parse().expect("an id"));
    assert_eq!(entries.last().map(|it| it.entry.kind), Some(EntryKind::Fetched));
}

#[tokio::test]
async fn gives_nobody_else_anything() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let tokens =
        [house.token(&house.globex), house.token(&house.stranger), house.integrator(&house.acme), house.operator()];
    for token in tokens {
        let answer = house.fetch(&token, &id, &[]).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "PAYLOAD_NOT_FOUND"));
    }
    for absent in ["trf_0193a000000070008000000000000009", "nonsense"] {
        let answer = house.fetch(&house.token(&house.acme), absent, &[]).await;
        assert_eq!(answer.code(), "PAYLOAD_NOT_FOUND");
    }
}

#[tokio::test]
async fn serves_one_range_and_says_what_it_is() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let token = house.token(&house.acme);
    for (range, part, content_range) in [
        ("bytes=0-4", "hello", "bytes 0-4/11"),
        ("bytes=6-", "world", "bytes 6-10/11"),
        ("bytes=-5", "world", "bytes 6-10/11"),
        ("Bytes=-5", "world", "bytes 6-10/11"),
        ("bytes=6-100", "world", "bytes 6-10/11"),
        ("bytes=-100", "hello world", "bytes 0-10/11"),
    ] {
        let answer = house.fetch(&token, &id, &[("range", range)]).await;
        assert_eq!(answer.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.body, part.as_bytes(), "{range}");
        assert_eq!(answer.header("content-range"), content_range);
    }
    for range in ["bytes=4-2", "bytes=0-1,3-4", "lines=1-2", "bytes=x-y"] {
        let answer = house.fetch(&token, &id, &[("range", range)]).await;
        assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 11), "{range}");
    }
    for range in ["bytes=11-", "bytes=-0", "bytes=99-100"] {
        let answer = house.fetch(&token, &id, &[("range", range)]).await;
        assert_eq!(answer.status, StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(answer.header("content-range"), "bytes */11");
    }
}

#[rstest]
#[case("bytes=0-4")]
#[case("bytes=99-100")]
#[tokio::test]
async fn passes_over_the_range_of_a_request_for_no_bytes(#[case] range: &str) {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let request = Request::head(format!("/transfers/{id}/payload"))
        .header("authorization", format!("Bearer {}", house.token(&house.acme)))
        .header("range", range);
    let answer = house.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!((answer.status, answer.header("content-length")), (StatusCode::OK, "11"));
    assert_eq!(answer.header("content-range"), "");
}

#[tokio::test]
async fn spares_the_bytes_to_those_who_have_them() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let token = house.token(&house.acme);
    let etag = house.fetch(&token, &id, &[]).await.header("etag").to_owned();
    let same = house.fetch(&token, &id, &[("if-none-match", &etag)]).await;
    assert_eq!((same.status, same.body.len()), (StatusCode::NOT_MODIFIED, 0));
    let other = house.fetch(&token, &id, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status, StatusCode::OK);
    let resumed = house.fetch(&token, &id, &[("range", "bytes=6-"), ("if-range", &etag)]).await;
    assert_eq!(resumed.status, StatusCode::PARTIAL_CONTENT);
    let changed = house.fetch(&token, &id, &[("range", "bytes=6-"), ("if-range", "\"other\"")]).await;
    assert_eq!((changed.status, changed.body.len()), (StatusCode::OK, 11));
}

#[tokio::test]
async fn names_the_file_safely_whatever_it_is_called() {
    let house = House::new().await;
    for (name, expected) in [
        ("r%C3%A9sum%C3%A9.pdf", "attachment; filename=\"r_sum_.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf"),
        ("a%22%3B%20b.txt", "attachment; filename=\"a__ b.txt\"; filename*=UTF-8''a%22%3B%20b.txt"),
        ("%E6%97%A5.csv", "attachment; filename=\"_.csv\"; filename*=UTF-8''%E6%97%A5.csv"),
    ] {
        let id = house.hand_in(name, b"x").await;
        let answer = house.fetch(&house.token(&house.acme), &id, &[]).await;
        assert_eq!(answer.header("content-disposition"), expected);
    }
}

#[tokio::test]
async fn gives_a_receiver_what_one_of_its_deliveries_carries_and_nobody_else() {
    let house = House::new().await;
    let input = json!({ "input": { "partner": "globex", "name": "inbox",
        "endpoint": { "http": { "url": "https://globex.example/inbox" } } } });
    let create = include_str!("../../../../graphql/operations/create-destination.graphql");
    let created = house.ask(&house.token(&house.globex), create, input).await;
    assert!(created.get("errors").is_none(), "{created}");
    let (id, other) = (house.hand_in("a.txt", b"hello world").await, house.hand_in("b.txt", b"something else").await);
    house.work().await;
    let seen = house.connector.seen();
    let delivery = &seen.iter().find(|it| it.transfer.to_string() == id).expect("it was delivered").delivery;
    let Some(Aggregate::Delivery(mut kept)) = house.store.get(Work::Delivery(delivery.id)) else { panic!("kept") };
    let (globex, query) = (house.token(&house.globex), format!("?delivery={}", delivery.id));
    let fetch = async |token: &str, id: &str, query: &str| {
        let request = Request::get(format!("/transfers/{id}/payload{query}"));
        let request = request.header("authorization", format!("Bearer {token}"));
        house.send(request.body(Body::empty()).expect("a request")).await
    };
    assert_eq!(
        fetch(&globex, &id, &query).await.body,
        b"hello world",
        "the consignment's own, until it is judged anew"
    );

    // Judged anew: the key that it was sent under has a generation, and its pointer names these bytes.
    let payload = house.payloads.put(PayloadId::generate(house.clock.now()), "text/plain", b"hello *****".as_slice());
    (kept.generation, kept.released) = (2, Some(payload));
    house.store.put(Aggregate::Delivery(kept));
    let answer = fetch(&globex, &id, &query).await;
    assert_eq!((answer.status, answer.body.as_slice()), (StatusCode::OK, b"hello *****".as_slice()));
    let entries = house.store.provenance(id.parse().expect("an id"));
    let fetched = entries.last().expect("an entry");
    assert_eq!((fetched.entry.kind, fetched.entry.delivery), (EntryKind::Fetched, Some(delivery.id)));

    let acme = house.token(&house.acme);
    for (token, id, query) in [
        (acme.clone(), &id, query.as_str()),
        (house.token(&house.stranger), &id, query.as_str()),
        (house.integrator(&house.globex), &id, query.as_str()),
        (house.operator(), &id, query.as_str()),
        (globex.clone(), &other, query.as_str()),
        (globex.clone(), &id, "?delivery=dlv_0193a000000070008000000000000009"),
        (globex.clone(), &id, "?delivery=nonsense"),
        (globex.clone(), &id, "?delivery="),
    ] {
        let answer = fetch(&token, id, query).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "PAYLOAD_NOT_FOUND"), "{query}");
    }
}

#[rstest]
#[case::the_same_ones("{etag}", StatusCode::OK)]
#[case::any("*", StatusCode::OK)]
#[case::one_of_some("\"other\", {etag}", StatusCode::OK)]
#[case::others("\"other\"", StatusCode::PRECONDITION_FAILED)]
#[case::weakly_the_same_ones("W/{etag}", StatusCode::PRECONDITION_FAILED)]
#[case::no_tag("", StatusCode::PRECONDITION_FAILED)]
#[tokio::test]
async fn gives_the_bytes_only_if_they_are_those_that_are_demanded(#[case] demanded: &str, #[case] status: StatusCode) {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let token = house.token(&house.acme);
    let etag = house.fetch(&token, &id, &[]).await.header("etag").to_owned();
    let before = house.store.provenance(id.parse().expect("an id")).len();
    let demanded = ("if-match", &*demanded.replace("{etag}", &etag));
    let refused = status == StatusCode::PRECONDITION_FAILED;
    let answer = house.fetch(&token, &id, &[demanded]).await;
    assert_eq!(answer.status, status);
    for (other, otherwise) in [
        (("if-none-match", &*etag), StatusCode::NOT_MODIFIED),
        (("range", "bytes=6-"), StatusCode::PARTIAL_CONTENT),
        (("range", "bytes=99-"), StatusCode::RANGE_NOT_SATISFIABLE),
    ] {
        let answer = house.fetch(&token, &id, &[other, demanded]).await;
        assert_eq!(answer.status, if refused { status } else { otherwise }, "{other:?} comes after");
    }
    if refused {
        assert_eq!(
            (answer.header("content-type"), answer.code().as_str()),
            ("application/problem+json", "PRECONDITION_FAILED")
        );
        assert_eq!(house.store.provenance(id.parse().expect("an id")).len(), before, "nothing was fetched");
    }
}

/// What a transfer's sender would fetch.
fn source(house: &House, id: &str) -> Payload {
    match house.store.get(Work::Transfer(id.parse().expect("an id"))) {
        Some(Aggregate::Transfer(it)) => it.source.expect("it was received"),
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::a_part(Some("bytes=0-4"), StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE")]
#[case::the_whole(None, StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")]
#[tokio::test]
async fn a_fetch_whose_first_bytes_do_not_come_is_refused_and_was_none(
    #[case] range: Option<&str>,
    #[case] status: StatusCode,
    #[case] code: &str,
) {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello world").await;
    let entries = || house.store.provenance(id.parse().expect("an id")).len();
    let before = entries();
    // The store opens the object and only then finds nothing in it.
    house.payloads.tamper(&source(&house, &id), Some(axum::body::Bytes::new()));
    let headers: Vec<_> = range.map(|range| ("range", range)).into_iter().collect();
    let answer = house.fetch(&house.token(&house.acme), &id, &headers).await;
    assert_eq!((answer.status, answer.code().as_str()), (status, code));
    assert_eq!(entries(), before, "provenance has no fetch of it");
}
