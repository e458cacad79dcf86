//! Forms whose beginning never ends, and forms that nobody may send: how much of them is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use futures::{StreamExt, stream};
use rstest::rstest;
use serde_json::json;

use crate::house::{Answer, House};

/// What a form's head is bounded by, and a piece that is always under way.
const ENOUGH: usize = (512 + 64) * 1024;

/// The beginning, 16 MiB of the filling, the end, all there at once; and how many bytes of it were read.
fn counted(begins: String, filling: &str, ends: String) -> (Body, Arc<AtomicUsize>) {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let filling = Bytes::from(filling.repeat((32 << 10) / filling.len()));
    let chunks = [Bytes::from(begins)].into_iter();
    let chunks = chunks.chain(std::iter::repeat_n(filling, 512)).chain([Bytes::from(ends)]);
    let chunks = stream::iter(chunks).map(move |chunk| {
        counter.fetch_add(chunk.len(), Ordering::Relaxed);
        Ok::<_, std::io::Error>(chunk)
    });
    (Body::from_stream(chunks), read)
}

const BEGINS: &str = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n";
const ENDS: &str = "\r\n--cut--\r\n";

impl House {
    async fn form(&self, path: &str, body: Body) -> Answer {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", self.token(&self.acme)))
            .header("content-type", "multipart/form-data; boundary=cut");
        self.send(request.body(body).expect("a request")).await
    }
}

#[rstest]
#[case::no_boundary("", "x")]
#[case::half_boundaries("", "--cu")]
#[case::a_header_without_end("--cut\r\nx-a: ", "x")]
#[case::headers_without_end("--cut\r\n", "x-a: b\r\n")]
#[case::padding_without_end("--cut", " ")]
#[tokio::test]
async fn what_comes_before_the_file_is_bounded(#[case] begins: &str, #[case] filling: &str) {
    let house = House::new().await;
    let url = house.upload_url(json!({})).await;
    for path in ["/transfers?to=globex", &url.path] {
        let (body, read) = counted(begins.to_owned(), filling, format!("\r\n{BEGINS}\r\nhello{ENDS}"));
        let answer = house.form(path, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "REQUEST_TOO_LARGE"));
        assert!(read.load(Ordering::Relaxed) < ENOUGH, "{} bytes were read", read.load(Ordering::Relaxed));
    }
}

#[tokio::test]
async fn the_file_itself_may_be_larger_and_come_in_one_piece() {
    let house = House::new().await;
    let form = format!("{BEGINS}\r\n{}{ENDS}", "x".repeat(900 << 10));
    let answer = house.form("/transfers?to=globex", Body::from(form)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.json()["size"], 900 << 10);
}

#[tokio::test]
async fn a_form_for_a_url_that_takes_nothing_is_not_read() {
    let house = House::new().await;
    let transfer = house.hand_in("a.txt", b"hello").await;
    let gives = house.download_url(&transfer, json!({})).await;
    let revoked = house.upload_url(json!({})).await;
    house.revoke(&house.token(&house.acme), &revoked.id).await;
    let used_up = house.upload_url(json!({ "maxUses": 1 })).await;
    let arrived = house.form(&used_up.path, Body::from(format!("{BEGINS}\r\nhello{ENDS}"))).await;
    assert_eq!(arrived.status, StatusCode::CREATED);
    for (url, code) in [(&gives, "METHOD_NOT_ALLOWED"), (&revoked, "SECURE_URL_ENDED"), (&used_up, "SECURE_URL_ENDED")]
    {
        let (body, read) = counted(format!("{BEGINS}\r\n"), "x", ENDS.to_owned());
        let answer = house.form(&url.path, body).await;
        assert_eq!(answer.code(), code);
        assert_eq!(read.load(Ordering::Relaxed), 0, "{code}");
    }
}
