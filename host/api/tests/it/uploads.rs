//! tus 1.0 as its clients speak it.

mod refused;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{StreamExt, stream};
use lockgate_core::digest::Digest;
use serde_json::json;
use tokio::sync::Notify;

use crate::house::{Answer, House};

pub(crate) fn metadata(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect::<Vec<_>>().join(",")
}

pub(crate) fn usual() -> String {
    metadata(&[("to", "globex"), ("filename", "a.txt"), ("filetype", "text/plain")])
}

impl House {
    pub(crate) fn tus(&self, method: &str, path: &str) -> request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token(&self.acme)))
            .header("tus-resumable", "1.0.0")
    }

    /// Creates an upload of that length and gives its path.
    pub(crate) async fn create(&self, length: u64) -> String {
        let request = self.tus("POST", "/uploads").header("upload-length", length).header("upload-metadata", usual());
        let answer = self.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.body));
        path_of(&answer)
    }

    pub(crate) async fn patch(&self, path: &str, offset: u64, bytes: impl Into<Body>) -> Answer {
        self.send(self.chunk(path, offset).body(bytes.into()).expect("a request")).await
    }

    fn chunk(&self, path: &str, offset: u64) -> request::Builder {
        self.tus("PATCH", path)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", offset)
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.send(self.tus("HEAD", path).body(Body::empty()).expect("a request")).await
    }
}

pub(crate) fn path_of(answer: &Answer) -> String {
    answer.header("location").strip_prefix("https://lockgate.example").expect("our own URL").to_owned()
}

#[tokio::test]
async fn says_what_it_speaks_without_a_token() {
    let house = House::new().await;
    let answer = house.send(Request::options("/uploads").body(Body::empty()).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("tus-version"), "1.0.0");
    assert_eq!(answer.header("tus-max-size"), "1048576");
    assert!(answer.header("tus-checksum-algorithm").contains("sha256"));
    for extension in ["creation", "creation-with-upload", "checksum", "expiration", "termination", "concatenation"] {
        assert!(answer.header("tus-extension").split(',').any(|it| it == extension), "{extension}");
    }
}

#[tokio::test]
async fn a_host_short_of_memory_says_when_to_go_on_and_keeps_what_came() {
    let house = House::new().await;
    let path = house.create(6).await;
    house.payloads.leave_room(3);
    let pieces = stream::iter(["ab", "c", "de"].map(Ok::<_, std::io::Error>));
    let refused = house.patch(&path, 0, Body::from_stream(pieces)).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((refused.header("retry-after"), refused.header("upload-offset")), ("7", "3"));
    assert_eq!(
        (&refused.json()["code"], &refused.json()["retry_after_seconds"]),
        (&json!("UPLOADS_CROWDED"), &json!(7))
    );
    assert_eq!(house.head(&path).await.header("upload-offset"), "3");
    house.payloads.leave_room(100);
    assert_eq!(house.patch(&path, 3, "def").await.status, StatusCode::NO_CONTENT);
    let query = "{ transfers { nodes { state source { digest } } } }";
    let seen = house.ask(&house.token(&house.acme), query, json!({})).await;
    let wanted = json!([{ "state": "RECEIVED", "source": { "digest": Digest::of(b"abcdef").to_string() } }]);
    assert_eq!(seen["data"]["transfers"]["nodes"], wanted);
}

#[tokio::test]
async fn takes_a_file_in_pieces() {
    let house = House::new().await;
    let path = house.create(6).await;
    let first = house.patch(&path, 0, "abc").await;
    assert_eq!((first.status, first.header("upload-offset")), (StatusCode::NO_CONTENT, "3"));
    assert!(first.header("upload-expires").ends_with("GMT"));
    let head = house.head(&path).await;
    assert_eq!((head.header("upload-offset"), head.header("upload-length")), ("3", "6"));
    assert_eq!(head.header("cache-control"), "no-store");
    assert!(head.header("upload-metadata").contains(&STANDARD.encode("a.txt")));
    let last = house.patch(&path, 3, "def").await;
    assert_eq!((last.status, last.header("upload-offset")), (StatusCode::NO_CONTENT, "6"));
    let query = "{ transfers { nodes { state source { size digest } upload { complete offset } } } }";
    let answer = house.ask(&house.token(&house.acme), query, json!({})).await;
    let transfer = &answer["data"]["transfers"]["nodes"][0];
    assert_eq!(transfer["state"], "RECEIVED", "{answer}");
    assert_eq!(transfer["source"], json!({ "size": 6, "digest": Digest::of(b"abcdef").to_string() }));
    assert_eq!(transfer["upload"], json!({ "complete": true, "offset": 6 }));
}

#[tokio::test]
async fn shows_its_sender_how_far_an_upload_has_come_and_its_receiver_nothing() {
    let house = House::new().await;
    let query = "{ transfers { nodes { upload { state offset length } } } }";
    let path = house.create(6).await;
    for (offset, bytes, state) in [(0, "", "WAITING"), (0, "abc", "UNDER_WAY"), (3, "def", "COMPLETE")] {
        house.patch(&path, offset, bytes).await;
        let seen = house.ask(&house.token(&house.acme), query, json!({})).await;
        let upload = &seen["data"]["transfers"]["nodes"][0]["upload"];
        assert_eq!(upload["state"], state, "{seen}");
        assert_eq!((&upload["offset"], &upload["length"]), (&json!(offset + bytes.len() as u64), &json!(6)));
    }
    house.work().await;
    let theirs = house.ask(&house.token(&house.globex), query, json!({})).await;
    assert_eq!(theirs["data"]["transfers"]["nodes"], json!([{ "upload": null }]));

    house.create(6).await;
    house.clock.advance(std::time::Duration::from_secs(25 * 3600));
    let seen = house.ask(&house.token(&house.acme), query, json!({})).await;
    let states: Vec<_> =
        seen["data"]["transfers"]["nodes"].as_array().expect("two").iter().map(|it| &it["upload"]["state"]).collect();
    assert!(states.contains(&&json!("EXPIRED")) && states.contains(&&json!("COMPLETE")), "{seen}");
}

#[tokio::test]
async fn takes_the_first_bytes_with_the_creation_and_empty_files_at_once() {
    let house = House::new().await;
    let request = house
        .tus("POST", "/uploads")
        .header("upload-length", 3)
        .header("upload-metadata", usual())
        .header("content-type", "application/offset+octet-stream")
        .body(Body::from("abc"))
        .expect("a request");
    let answer = house.send(request).await;
    assert_eq!((answer.status, answer.header("upload-offset")), (StatusCode::CREATED, "3"));
    house.create(0).await;
    let query = "{ transfers { nodes { state } } }";
    let both = house.ask(&house.token(&house.acme), query, json!({})).await;
    assert_eq!(both["data"]["transfers"]["nodes"], json!([{ "state": "RECEIVED" }, { "state": "RECEIVED" }]));
}

/// What `HEAD` says of an upload that was begun with these headers.
async fn said_again(house: &House, headers: &[(&str, &str)]) -> Vec<String> {
    let request = headers.iter().fold(house.tus("POST", "/uploads"), |it, (name, value)| it.header(*name, *value));
    let path = path_of(&house.send(request.body(Body::empty()).expect("a request")).await);
    let head = house.head(&path).await;
    let said = head.headers.get_all("upload-metadata").iter();
    said.map(|it| it.to_str().expect("ASCII").to_owned()).collect()
}

#[tokio::test]
async fn says_its_metadata_again_as_it_was_sent() {
    let house = House::new().await;
    let sent = "relativePath bnVsbA==,to Z2xvYmV4, type  dGV4dC9wbGFpbg==,confidential,name YS50eHQ=";
    let length = ("upload-length", "3");
    assert_eq!(said_again(&house, &[length, ("upload-metadata", sent)]).await, [sent]);
    let lines = [length, ("upload-metadata", "to Z2xvYmV4"), ("upload-metadata", "filename YS50eHQ=")];
    assert_eq!(said_again(&house, &lines).await, ["to Z2xvYmV4,filename YS50eHQ="]);
    let part = [length, ("upload-concat", "partial"), ("upload-metadata", "filename YS50eHQ=")];
    assert_eq!(said_again(&house, &part).await, ["filename YS50eHQ="]);
    assert_eq!(said_again(&house, &part[..2]).await, [""; 0], "nothing was said");
}

#[tokio::test]
async fn learns_a_deferred_length_later() {
    let house = House::new().await;
    let request = house.tus("POST", "/uploads").header("upload-defer-length", 1).header("upload-metadata", usual());
    let path = path_of(&house.send(request.body(Body::empty()).expect("a request")).await);
    assert_eq!(house.patch(&path, 0, "abc").await.header("upload-offset"), "3");
    assert_eq!(house.head(&path).await.header("upload-defer-length"), "1");
    let last = house.chunk(&path, 3).header("upload-length", 5).body(Body::from("de")).expect("a request");
    assert_eq!(house.send(last).await.header("upload-offset"), "5");
    assert_eq!(house.head(&path).await.header("upload-length"), "5");
}

#[tokio::test]
async fn keeps_nothing_of_a_request_whose_checksum_does_not_match() {
    let house = House::new().await;
    let path = house.create(6).await;
    let good = format!("sha256 {}", STANDARD.encode(Digest::of(b"abc").0));
    let with = |sum: &str, bytes: &'static str| {
        house.chunk(&path, 0).header("upload-checksum", sum).body(Body::from(bytes)).expect("a request")
    };
    let wrong = house.send(with(&good, "abd")).await;
    assert_eq!(wrong.status.as_u16(), 460);
    assert_eq!(wrong.code(), "UPLOAD_CHECKSUM_MISMATCH");
    assert_eq!(house.head(&path).await.header("upload-offset"), "0");
    for odd in ["md5 AAAA", "sha256", "sha256 ???", "sha256 AAAA"] {
        let answer = house.send(with(odd, "abc")).await;
        assert_eq!(answer.code(), "UPLOAD_CHECKSUM_UNSUPPORTED", "{odd}");
    }
    assert_eq!(house.send(with(&good, "abc")).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn keeps_what_came_before_the_connection_was_cut() {
    let house = House::new().await;
    let path = house.create(6).await;
    let cut = Body::from_stream(stream::iter([
        Ok(Bytes::from("abcd")),
        Err(std::io::Error::other("the connection was cut")),
    ]));
    let answer = house.patch(&path, 0, cut).await;
    assert_eq!(answer.code(), "UPLOAD_INTERRUPTED");
    assert_eq!(house.head(&path).await.header("upload-offset"), "4");
    assert_eq!(house.patch(&path, 4, "ef").await.header("upload-offset"), "6");
}

#[tokio::test]
async fn keeps_what_came_though_nobody_waits_for_the_answer() {
    let house = House::new().await;
    let path = house.create(6).await;
    let (asked, cut) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (asks, hears) = (Arc::clone(&asked), Arc::clone(&cut));
    let breaks = stream::once(async move {
        asks.notify_one();
        hears.notified().await;
        Err(std::io::Error::other("cut"))
    });
    let bytes = stream::iter([Ok(Bytes::from("abc"))]).chain(breaks);
    // As hyper does with a request of HTTP/2 that was taken back: it is dropped before its body breaks.
    tokio::select! {
        answer = house.patch(&path, 0, Body::from_stream(bytes)) => panic!("it is not over: {}", answer.status),
        () = asked.notified() => {}
    }
    cut.notify_one();
    let mut looked = 0;
    while house.head(&path).await.header("upload-offset") != "3" {
        looked += 1;
        assert!(looked < 10_000, "what came is not kept");
        tokio::task::yield_now().await;
    }
    assert_eq!(house.patch(&path, 3, "def").await.header("upload-offset"), "6");
}

#[tokio::test]
async fn ends_an_upload_and_takes_its_transfer_back() {
    let house = House::new().await;
    let path = house.create(3).await;
    let ended = house.send(house.tus("DELETE", &path).body(Body::empty()).expect("a request")).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(house.head(&path).await.status, StatusCode::NOT_FOUND);
    let query = "{ transfers { nodes { state } } }";
    let answer = house.ask(&house.token(&house.acme), query, json!({})).await;
    assert_eq!(answer["data"]["transfers"]["nodes"], json!([{ "state": "CANCELLED" }]));
}

#[tokio::test]
async fn says_of_an_upload_that_is_over_the_same_however_it_is_asked() {
    let house = House::new().await;
    let cancelled = house.create(3).await;
    let query = "{ transfers { nodes { id } } }";
    let found = house.ask(&house.token(&house.acme), query, json!({})).await;
    let id = found["data"]["transfers"]["nodes"][0]["id"].clone();
    let cancel = "mutation($id: ID!) { cancelTransfer(input: { transfer: $id, reason: \"no\" }) { transfer { id } } }";
    let answer = house.ask(&house.token(&house.acme), cancel, json!({ "id": id })).await;
    assert!(answer.get("errors").is_none(), "{answer}");
    let expired = house.create(3).await;
    house.clock.advance(std::time::Duration::from_secs(25 * 3600));
    house.expire().await;
    let complete = house.create(0).await;
    for (path, status, code) in [
        (&cancelled, StatusCode::NOT_FOUND, "UPLOAD_NOT_FOUND"),
        (&expired, StatusCode::GONE, "UPLOAD_EXPIRED"),
        (&complete, StatusCode::CONFLICT, "UPLOAD_COMPLETE"),
    ] {
        let ended = house.send(house.tus("DELETE", path).body(Body::empty()).expect("a request")).await;
        assert_eq!((ended.status, ended.code().as_str()), (status, code));
        if path != &complete {
            assert_eq!(house.head(path).await.status, status);
        }
    }
}

#[tokio::test]
async fn takes_methods_in_disguise() {
    let house = House::new().await;
    let path = house.create(3).await;
    let disguised = |method: &str| {
        house
            .tus("POST", &path)
            .header("x-http-method-override", method)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", 0)
            .body(Body::from("ab"))
            .expect("a request")
    };
    assert_eq!(house.send(disguised("PATCH")).await.header("upload-offset"), "2");
    let unknown = house.send(disguised("TRACE")).await;
    let read = house.send(house.tus("GET", &path).body(Body::empty()).expect("a request")).await;
    for answer in [&unknown, &read] {
        let known = "HEAD, PATCH, DELETE, OPTIONS";
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, known));
    }
    let why = "POST here needs `X-HTTP-Method-Override: PATCH`, `HEAD` or `DELETE`";
    assert_eq!(unknown.json()["detail"], why);
    assert_eq!(house.send(disguised("DELETE")).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn gives_the_same_upload_for_the_same_idempotency_key() {
    let house = House::new().await;
    let metadata = format!("{},idempotency-key {}", usual(), STANDARD.encode("k-1"));
    let create = || {
        let request = house.tus("POST", "/uploads").header("upload-length", 3).header("upload-metadata", &metadata);
        request.body(Body::empty()).expect("a request")
    };
    let first = house.send(create()).await;
    house.patch(&path_of(&first), 0, "ab").await;
    let again = house.send(create()).await;
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("upload-offset"), "2");
}

#[tokio::test]
async fn lets_one_of_two_writers_win() {
    let house = House::new().await;
    let path = house.create(6).await;
    let (one, other) = tokio::join!(house.patch(&path, 0, "abc"), house.patch(&path, 0, "xyz"));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204, "{statuses:?}");
    assert!([409, 423].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(house.head(&path).await.header("upload-offset"), "3");
}
