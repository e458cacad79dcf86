//! A transfer in one request.

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, request};
use futures::stream;
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::transfer::TransferState;
use rstest::rstest;

use crate::house::House;

fn post(house: &House, query: &str) -> request::Builder {
    Request::post(format!("/transfers?{query}"))
        .header("authorization", format!("Bearer {}", house.token(&house.acme)))
        .header("content-type", "text/plain")
}

#[tokio::test]
async fn takes_a_file_with_and_without_a_known_size() {
    let house = House::new().await;
    let known = post(&house, "to=globex&filename=a%20b.txt").header("content-length", 3).body(Body::from("abc"));
    let answer = house.send(known.expect("a request")).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json()["received"], true);
    let chunks = stream::iter(["ab", "cd", "e"].map(|it| Ok::<_, std::io::Error>(Bytes::from(it))));
    let unknown = post(&house, "to=globex&filename=b.txt").body(Body::from_stream(chunks)).expect("a request");
    let answer = house.send(unknown).await;
    assert_eq!((answer.json()["received"].clone(), answer.json()["size"].clone()), (true.into(), 5.into()));
}

#[tokio::test]
async fn goes_on_where_a_cut_request_ended_when_it_is_repeated() {
    let house = House::new().await;
    let request = |body: Body| {
        post(&house, "to=globex&filename=a.txt")
            .header("content-length", 6)
            .header("idempotency-key", "key-1")
            .body(body)
            .expect("a request")
    };
    let cut = stream::iter([Ok(Bytes::from("abcd")), Err(std::io::Error::other("cut"))]);
    let first = house.send(request(Body::from_stream(cut))).await;
    assert_eq!(first.code(), "UPLOAD_INTERRUPTED");
    let second = house.send(request(Body::from("abcdef"))).await;
    assert_eq!(second.status, StatusCode::OK);
    assert_eq!(second.json()["received"], true);
    let third = house.send(request(Body::from("abcdef"))).await;
    assert_eq!(third.json()["transfer"], second.json()["transfer"]);
    assert_eq!(third.json()["repeated"], true);
}

#[tokio::test]
async fn other_bytes_under_the_same_key_are_told_so_and_never_mixed() {
    let house = House::new().await;
    let request = |key: &str, body: Body| {
        let request = post(&house, "to=globex&filename=a.txt").header("content-length", 6);
        request.header("idempotency-key", key).body(body).expect("a request")
    };
    let whole = house.send(request("whole", Body::from("abcdef"))).await;
    assert_eq!(whole.status, StatusCode::CREATED);
    let other = house.send(request("whole", Body::from("uvwxyz"))).await;
    assert_eq!((other.status, other.code().as_str()), (StatusCode::CONFLICT, "IDEMPOTENCY_CONFLICT"));
    let cut = stream::iter([Ok(Bytes::from("abcd")), Err(std::io::Error::other("cut"))]);
    house.send(request("cut", Body::from_stream(cut))).await;
    assert_eq!(house.send(request("cut", Body::from("uvwxyz"))).await.code(), "IDEMPOTENCY_CONFLICT");
    let same = house.send(request("cut", Body::from("abcdef"))).await;
    assert_eq!((same.status, same.json()["received"].clone()), (StatusCode::OK, true.into()));
}

#[tokio::test]
async fn explains_what_is_wrong_as_problem_details() {
    let house = House::new().await;
    for (query, code) in [
        ("filename=a.txt", "NO_RECEIVERS"),
        ("to=initech&filename=a.txt", "NO_AGREEMENT"),
        ("to=globex", "INVALID_FILE_NAME"),
        ("to=globex&filename=..%2Fa", "INVALID_FILE_NAME"),
        ("to=globex&filename=a&mode=fast", "INVALID_INPUT"),
    ] {
        let answer = house.send(post(&house, query).body(Body::from("abc")).expect("a request")).await;
        assert_eq!(answer.code(), code, "{query}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let body = answer.json();
        assert_eq!(body["status"], answer.status.as_u16());
        assert!(body["type"].as_str().is_some_and(|it| it.starts_with("urn:lockgate:error:")));
        assert_eq!(body["request_id"], answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn a_refused_request_leaves_no_transfer_that_nobody_could_go_on_with() {
    let house = House::new().await;
    let request = |key: Option<&str>, body: Body| {
        let request = post(&house, "to=globex&filename=a.txt");
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        request.body(body).expect("a request")
    };
    let large = || Body::from(vec![b'x'; (1 << 20) + 1]);
    let cut = || Body::from_stream(stream::iter([Ok(Bytes::from("ab")), Err(std::io::Error::other("cut"))]));
    let left = || {
        house
            .store
            .all(|it| matches!(it, Aggregate::Transfer(it) if it.state == TransferState::Announced).then_some(()))
            .len()
    };
    for (key, body, code, remain) in [
        (None, large(), "PAYLOAD_TOO_LARGE", 0),
        (Some("large"), large(), "PAYLOAD_TOO_LARGE", 0),
        (None, cut(), "UPLOAD_INTERRUPTED", 0),
        (Some("cut"), cut(), "UPLOAD_INTERRUPTED", 1),
    ] {
        assert_eq!(house.send(request(key, body)).await.code(), code);
        assert_eq!(left(), remain, "{code} under {key:?}");
    }
}

#[tokio::test]
async fn a_request_that_fails_by_our_fault_leaves_only_what_a_repeat_goes_on_with() {
    let house = House::new().await;
    let request = |key: Option<&str>| {
        let request = post(&house, "to=globex&filename=a.txt").header("content-length", 6);
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        let chunks = stream::iter(["abc", "def"].map(|it| Ok::<_, std::io::Error>(Bytes::from(it))));
        request.body(Body::from_stream(chunks)).expect("a request")
    };
    for (key, left, at) in [(None, TransferState::Cancelled, ""), (Some("k"), TransferState::Announced, "3")] {
        house.payloads.leave_room(3);
        let answer = house.send(request(key)).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "UPLOADS_CROWDED"));
        let states = house.store.all(|it| match it {
            Aggregate::Transfer(it) => Some((it.idempotency_key.clone(), it.state)),
            _ => None,
        });
        assert!(states.contains(&(key.map(str::to_owned), left)), "{states:?}");
        assert_eq!((answer.header("retry-after"), answer.header("upload-offset")), ("7", at), "under {key:?}");
        let detail = answer.json()["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.ends_with("or send all again if none is left."), "{detail}");
        house.payloads.leave_room(100);
        assert!(house.send(request(key)).await.status.is_success(), "under {key:?}");
    }
}

#[tokio::test]
async fn a_file_whose_receipt_was_written_is_answered_so_though_its_answer_got_lost() {
    let house = House::new().await;
    house.store.lose_answers(1);
    let request = post(&house, "to=globex&filename=a.txt").header("content-length", 3);
    let sent = house.send(request.body(Body::from("abc")).expect("a request")).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.json());
    let states = house.store.all(|it| if let Aggregate::Transfer(it) = it { Some(it.state) } else { None });
    assert_eq!(states, [TransferState::Received]);
}

#[rstest]
#[case::that_nobody_can_repeat(None, TransferState::Cancelled, 2)]
#[case::under_a_key(Some("k"), TransferState::Received, 1)]
#[tokio::test]
async fn a_file_that_came_whole_and_whose_receipt_failed_ends_or_is_finished_by_a_repeat(
    #[case] key: Option<&str>,
    #[case] then: TransferState,
    #[case] transfers: usize,
) {
    let house = House::new().await;
    let request = || {
        let request = post(&house, "to=globex&filename=a.txt").header("content-length", 3);
        let request = key.into_iter().fold(request, |request, key| request.header("idempotency-key", key));
        request.body(Body::from("abc")).expect("a request")
    };
    let states = || house.store.all(|it| if let Aggregate::Transfer(it) = it { Some(it.state) } else { None });
    house.store.lose_receipts(1);
    let failed = house.send(request()).await;
    assert_eq!((failed.status, failed.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE"));
    assert!(house.send(request()).await.status.is_success());
    let states = states();
    assert!(states.contains(&then) && states.contains(&TransferState::Received), "{states:?}");
    assert_eq!(states.len(), transfers, "{states:?}");
}

#[tokio::test]
async fn a_cut_request_without_a_key_is_told_that_nothing_is_left_of_it() {
    let house = House::new().await;
    let cut = || Body::from_stream(stream::iter([Ok(Bytes::from("ab")), Err(std::io::Error::other("cut"))]));
    let request = post(&house, "to=globex&filename=a.txt").header("content-length", 6);
    let answer = house.send(request.body(cut()).expect("a request")).await;
    assert_eq!((answer.code().as_str(), answer.header("upload-offset")), ("UPLOAD_INTERRUPTED", ""));
    let why = "the body ended after 2 bytes, of which none is kept; send it again from its beginning";
    assert_eq!(answer.json()["detail"], why);
}

#[tokio::test]
async fn names_are_utf8_or_refused() {
    let house = House::new().await;
    for (query, wanted) in [("to=globex&filename=%ff", "INVALID_FILE_NAME"), ("to=%ff&filename=a", "INVALID_INPUT")] {
        let answer = house.send(post(&house, query).body(Body::from("x")).expect("a request")).await;
        assert_eq!(answer.code(), wanted, "{query}");
    }
}

#[tokio::test]
async fn keeps_a_callers_request_id_if_it_is_plain() {
    let house = House::new().await;
    for (given, kept) in [("abc-12345", true), ("short", false), ("with blanks in it", false)] {
        let request = Request::get("/nowhere").header("x-request-id", given).body(Body::empty()).expect("a request");
        let answer = house.send(request).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.code(), "RESOURCE_NOT_FOUND");
        assert_eq!(answer.header("x-request-id") == given, kept, "{given}");
    }
}

#[tokio::test]
async fn names_methods_that_a_route_does_not_know() {
    let house = House::new().await;
    let answer = house.send(Request::delete("/transfers").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.code(), "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn puts_the_callers_trace_on_the_transfer_if_it_is_well_formed() {
    let house = House::new().await;
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (traceparent, kept) in [
        (given, true),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
        ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
        ("nonsense", false),
    ] {
        let request = post(&house, "to=globex&filename=a.txt").header("traceparent", traceparent);
        let answer = house.send(request.body(Body::from("abc")).expect("a request")).await;
        let id = answer.json()["transfer"].as_str().expect("an id").parse().expect("an id");
        let Some(Aggregate::Transfer(transfer)) = house.store.get(Work::Transfer(id)) else { panic!("{id} is lost") };
        assert_eq!(transfer.trace.0.as_deref(), kept.then_some(given), "{traceparent}");
    }
}

#[rstest]
#[case::a_path("..%2F..%2Fetc%2Fpasswd", "path")]
#[case::a_path_of_windows("..%5Cboot.ini", "path")]
#[case::nul("a%00b.csv", "control")]
#[case::a_line_break("a%0D%0Ax-evil:%201", "control")]
#[case::turned_around("invoice%E2%80%AEfdp.exe", "direction")]
#[case::mixed_directions("%E2%80%8Fabc.csv", "direction")]
#[case::four_kilobytes(&*"a".repeat(4096), "255")]
#[case::only_blanks("%20%20", "empty")]
#[tokio::test]
async fn refuses_names_that_mislead_and_says_why(#[case] name: &str, #[case] why: &str) {
    let house = House::new().await;
    let request = post(&house, &format!("to=globex&filename={name}")).header("content-length", 1).body(Body::from("a"));
    let answer = house.send(request.expect("a request")).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "INVALID_FILE_NAME"));
    let detail = answer.json()["detail"].as_str().expect("a detail").to_owned();
    assert!(detail.contains(why), "{detail}");
}

#[tokio::test]
async fn takes_an_empty_file_with_and_without_a_known_size() {
    let house = House::new().await;
    let known = post(&house, "to=globex&filename=a.txt").header("content-length", 0).body(Body::empty());
    let unknown = post(&house, "to=globex&filename=b.txt")
        .body(Body::from_stream(stream::empty::<Result<Bytes, std::io::Error>>()));
    for request in [known, unknown] {
        let answer = house.send(request.expect("a request")).await;
        let seen = answer.json();
        assert_eq!((seen["received"].clone(), seen["size"].clone()), (true.into(), 0.into()), "{seen}");
    }
}

#[tokio::test]
async fn refuses_a_body_beyond_the_limit_whether_it_says_so_or_not() {
    let house = House::new().await;
    let said = post(&house, "to=globex&filename=a.bin").header("content-length", (1 << 20) + 1).body(Body::empty());
    let chunk = Bytes::from(vec![0; 1 << 18]);
    let chunks = stream::iter([(); 5].map(|()| Ok::<_, std::io::Error>(chunk.clone())));
    let unsaid = post(&house, "to=globex&filename=b.bin").body(Body::from_stream(chunks));
    for request in [said, unsaid] {
        let answer = house.send(request.expect("a request")).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"));
    }
}
