//! Concatenation: a file that comes as partial uploads, side by side.

use axum::body::Body;
use axum::http::StatusCode;
use lockgate_core::digest::Digest;
use serde_json::json;

use crate::house::{Answer, House};
use crate::uploads::{path_of, usual};

impl House {
    pub(crate) async fn partial(&self, bytes: &'static str) -> String {
        let request = self
            .tus("POST", "/uploads")
            .header("upload-concat", "partial")
            .header("upload-length", bytes.len())
            .header("content-type", "application/offset+octet-stream")
            .body(Body::from(bytes))
            .expect("a request");
        let answer = self.send(request).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.body));
        path_of(&answer)
    }

    /// A partial upload that lacks its bytes.
    pub(crate) async fn begin(&self, length: u64) -> Answer {
        let request = self.tus("POST", "/uploads").header("upload-concat", "partial").header("upload-length", length);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn assemble(&self, concat: String) -> Answer {
        let request = self.tus("POST", "/uploads").header("upload-concat", concat).header("upload-metadata", usual());
        self.send(request.body(Body::empty()).expect("a request")).await
    }
}

pub(crate) fn of(parts: &[&str]) -> String {
    format!("final;{}", parts.join(" "))
}

#[tokio::test]
async fn assembles_parts_in_the_order_in_which_they_are_named() {
    let house = House::new().await;
    let (world, hello) = (house.partial("world").await, house.partial("hello ").await);
    let head = house.head(&world).await;
    assert_eq!((head.header("upload-concat"), head.header("upload-offset")), ("partial", "5"));
    let whole = format!("https://lockgate.example{hello}");
    let assembled = house.assemble(of(&[&whole, &world])).await;
    assert_eq!((assembled.status, assembled.header("upload-offset")), (StatusCode::CREATED, "11"));
    let head = house.head(&path_of(&assembled)).await;
    assert!(head.header("upload-concat").starts_with("final;https://lockgate.example/uploads/upl_"));
    let query = "{ transfers { nodes { state source { size digest } } } }";
    let seen = house.ask(&house.token(&house.acme), query, json!({})).await;
    let source = json!({ "size": 11, "digest": Digest::of(b"hello world").to_string() });
    assert_eq!(seen["data"]["transfers"]["nodes"], json!([{ "state": "RECEIVED", "source": source }]));

    let again = house.assemble(of(&[&hello, &world])).await;
    assert_eq!(again.header("location"), assembled.header("location"), "the same request is the same transfer");
    let other = house.assemble(of(&[&world, &hello])).await;
    assert_ne!(other.header("location"), assembled.header("location"));
    let late = house.patch(&path_of(&assembled), 11, "!").await;
    assert_eq!((late.status, late.code().as_str()), (StatusCode::FORBIDDEN, "UPLOAD_ASSEMBLED"));
}

#[tokio::test]
async fn assembles_only_complete_parts_of_the_same_sender() {
    let house = House::new().await;
    let part = house.partial("abc").await;
    let unfinished = path_of(&house.begin(3).await);
    let ordinary = house.create(3).await;
    let absent = "/uploads/upl_0193a000000070008000000000000009";
    for (concat, wanted) in [
        (of(&[&part, &unfinished]), "UPLOAD_UNFINISHED"),
        (of(&[&part, &ordinary]), "UPLOAD_METADATA_INVALID"),
        (of(&[&part, absent]), "UPLOAD_NOT_FOUND"),
        (of(&["/elsewhere/1"]), "UPLOAD_NOT_FOUND"),
        (of(&[]), "UPLOAD_METADATA_INVALID"),
        ("whole".to_owned(), "UPLOAD_METADATA_INVALID"),
    ] {
        let answer = house.assemble(concat.clone()).await;
        assert_eq!(answer.code(), wanted, "{concat}");
    }
    let sized = house.tus("POST", "/uploads").header("upload-concat", of(&[&part])).header("upload-length", 3);
    let sized = sized.header("upload-metadata", usual()).body(Body::empty()).expect("a request");
    assert_eq!(house.send(sized).await.code(), "UPLOAD_METADATA_INVALID");
    let query = "{ transfers { nodes { state } } }";
    let seen = house.ask(&house.token(&house.acme), query, json!({})).await;
    assert_eq!(seen["data"]["transfers"]["nodes"], json!([{ "state": "ANNOUNCED" }]), "only the ordinary one");
}

#[tokio::test]
async fn assembles_no_part_twice() {
    let house = House::new().await;
    let (one, other) = (house.partial("abc").await, house.partial("def").await);
    let whole = format!("https://lockgate.example{one}");
    let answer = house.assemble(of(&[&one, &other, &whole])).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::BAD_REQUEST, "UPLOAD_METADATA_INVALID"));
    let id = one.rsplit_once('/').expect("a path").1;
    let why = format!("the uploads cannot be assembled: {id} is named twice; name each partial upload once");
    assert_eq!(answer.json()["detail"], why);
    let seen = house.ask(&house.token(&house.acme), "{ transfers { nodes { id } } }", json!({})).await;
    assert_eq!(seen["data"]["transfers"]["nodes"], json!([]), "nothing was announced");
}

#[tokio::test]
async fn an_ended_or_expired_part_is_not_there() {
    let house = House::new().await;
    let (ended, expired) = (house.partial("abc").await, house.partial("def").await);
    let end = house.tus("DELETE", &ended).body(Body::empty()).expect("a request");
    assert_eq!(house.send(end).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.assemble(of(&[&ended])).await.code(), "UPLOAD_NOT_FOUND");
    house.clock.advance(std::time::Duration::from_secs(25 * 3600));
    let answer = house.assemble(of(&[&expired])).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::GONE, "UPLOAD_EXPIRED"));
}
