//! tus 1.0 as its clients should not speak it: each refusal has its code and leaves what was there.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;

use super::{metadata, usual};
use crate::house::House;

#[tokio::test]
async fn announces_nothing_under_a_checksum_that_it_cannot_check() {
    let house = House::new().await;
    for checksum in ["md5 XUFAKrxLKna5cZ2REBfFkg==", "sha1 !", "sha256"] {
        let request = house
            .tus("POST", "/uploads")
            .header("upload-length", 5)
            .header("upload-metadata", usual())
            .header("upload-checksum", checksum)
            .header("content-type", "application/offset+octet-stream");
        let answer = house.send(request.body(Body::from("hello")).expect("a request")).await;
        assert_eq!(answer.code(), "UPLOAD_CHECKSUM_UNSUPPORTED", "{checksum}");
    }
    let found = house.ask(&house.token(&house.acme), "{ transfers { nodes { id } } }", json!({})).await;
    assert_eq!(found["data"]["transfers"]["nodes"], json!([]), "{found}");
}

#[tokio::test]
async fn names_the_right_offset_to_whoever_gives_a_wrong_one() {
    let house = House::new().await;
    let path = house.create(6).await;
    house.patch(&path, 0, "abc").await;
    for offset in [0, 2, 4, 6, 1_000] {
        let answer = house.patch(&path, offset, "x").await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{offset}");
        assert_eq!(answer.header("upload-offset"), "3");
        assert_eq!(answer.code(), "UPLOAD_OFFSET_MISMATCH");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(house.patch(&path, 3, "def").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn refuses_more_than_was_announced_or_is_allowed() {
    let house = House::new().await;
    let path = house.create(3).await;
    let long = house.patch(&path, 0, "abcdef").await;
    assert_eq!((long.status, long.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "UPLOAD_TOO_LONG"));
    let request = house.tus("POST", "/uploads").header("upload-length", 2 << 20).header("upload-metadata", usual());
    let large = house.send(request.body(Body::empty()).expect("a request")).await;
    assert_eq!((large.status, large.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn shows_foreign_uploads_to_nobody() {
    let house = House::new().await;
    let path = house.create(3).await;
    let absent = "/uploads/upl_0193a000000070008000000000000009";
    for path in [path.as_str(), absent, "/uploads/upl_x", "/uploads/..%2f..%2fetc"] {
        for method in ["HEAD", "PATCH", "DELETE"] {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header("authorization", format!("Bearer {}", house.token(&house.stranger)))
                .header("tus-resumable", "1.0.0")
                .header("content-type", "application/offset+octet-stream")
                .header("upload-offset", 0)
                .body(Body::empty())
                .expect("a request");
            assert_eq!(house.send(request).await.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn refuses_other_versions_types_and_headers() {
    let house = House::new().await;
    let old = Request::post("/uploads").header("tus-resumable", "0.2.2").body(Body::empty()).expect("a request");
    let answer = house.send(old).await;
    assert_eq!((answer.status, answer.header("tus-version")), (StatusCode::PRECONDITION_FAILED, "1.0.0"));
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    let path = house.create(3).await;
    let plain = house.tus("PATCH", &path).header("content-type", "text/plain").header("upload-offset", 0);
    let answer = house.send(plain.body(Body::from("abc")).expect("a request")).await;
    assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    for (name, value) in [("upload-offset", "-1"), ("upload-offset", "x"), ("upload-offset", "99999999999999999999")] {
        let odd =
            house.tus("PATCH", &path).header("content-type", "application/offset+octet-stream").header(name, value);
        let answer = house.send(odd.body(Body::from("abc")).expect("a request")).await;
        assert_eq!(answer.code(), "UPLOAD_METADATA_INVALID", "{value}");
    }
    let cases: [&[(&str, String)]; 6] = [
        &[("upload-metadata", usual())],
        &[("upload-length", "3".into()), ("upload-defer-length", "1".into()), ("upload-metadata", usual())],
        &[("upload-length", "3".into())],
        &[("upload-length", "3".into()), ("upload-metadata", metadata(&[("filename", "a")]))],
        &[("upload-length", "3".into()), ("upload-metadata", "to !!!,filename YQ==".into())],
        &[("upload-length", "3".into()), ("upload-metadata", format!("{},to YQ==", usual()))],
    ];
    for headers in cases {
        let mut request = house.tus("POST", "/uploads");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = house.send(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(answer.code(), "UPLOAD_METADATA_INVALID", "{headers:?}");
    }
}
