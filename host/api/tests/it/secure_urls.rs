//! Secure URLs from outside: what opens, for whom, how often, and what a person or a program is told.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use lockgate_api::ClientAddress;
use lockgate_core::provenance::{Actor, EntryKind};
use rstest::rstest;
use serde_json::{Value, json};

use crate::house::{Answer, BAD_TOKENS, House, code};

const DOWNLOAD: &str = "mutation ($input: CreateDownloadUrlInput!) {
    createDownloadUrl(input: $input) { url secureUrl { id state uses maxUses hasPassphrase expiresAt } } }";
const UPLOAD: &str = "mutation ($input: CreateUploadUrlInput!) {
    createUploadUrl(input: $input) { url secureUrl { id purpose receivers { slug } } } }";
const REVOKE: &str = "mutation ($input: RevokeSecureUrlInput!) {
    revokeSecureUrl(input: $input) { secureUrl { state revokedAt } } }";
const BROWSER: &str = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8";

/// A URL as its maker got it.
pub(crate) struct Made {
    pub(crate) path: String,
    pub(crate) id: String,
}

impl House {
    pub(crate) async fn download_url(&self, transfer: &str, terms: Value) -> Made {
        let input = json!({ "input": { "transfer": transfer, "terms": terms } });
        let answer = self.ask(&self.token(&self.acme), DOWNLOAD, input).await;
        made(&answer["data"]["createDownloadUrl"], &answer)
    }

    pub(crate) async fn upload_url(&self, terms: Value) -> Made {
        let input = json!({ "input": { "receivers": ["globex"], "terms": terms } });
        let answer = self.ask(&self.token(&self.acme), UPLOAD, input).await;
        made(&answer["data"]["createUploadUrl"], &answer)
    }

    pub(crate) async fn revoke(&self, token: &str, id: &str) -> Value {
        self.ask(token, REVOKE, json!({ "input": { "secureUrl": id } })).await
    }

    async fn go(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.into()).expect("a request")).await
    }

    /// Follows the one redirect of a use.
    async fn fetched(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let begun = self.go("GET", path, headers, Body::empty()).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
        self.go("GET", &path_of(begun.header("location")), &[], Body::empty()).await
    }
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn made(payload: &Value, answer: &Value) -> Made {
    let text = |it: &Value| it.as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    Made { path: path_of(&text(&payload["url"])), id: text(&payload["secureUrl"]["id"]) }
}

fn path_of(url: &str) -> String {
    format!("/s/{}", url.split_once("/s/").expect("a secure URL").1)
}

fn basic(passphrase: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!(":{passphrase}")))
}

fn form(file_name: &str, bytes: &str, passphrase: Option<&str>) -> String {
    let field = passphrase.map_or_else(String::new, |it| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"passphrase\"\r\n\r\n{it}\r\n")
    });
    format!(
        "{field}--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
         Content-Type: text/plain\r\n\r\n{bytes}\r\n--cut--\r\n"
    )
}

const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=cut");

#[tokio::test]
async fn a_page_shows_what_there_is_and_uses_nothing_up() {
    let house = House::new().await;
    let id = house.hand_in("report.txt", b"hello world").await;
    let url = house.download_url(&id, json!({})).await;
    for method in ["GET", "HEAD", "GET"] {
        let page = house.go(method, &url.path, &[("accept", BROWSER)], Body::empty()).await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
        if method == "GET" {
            for told in ["report.txt", "11 bytes", "ACME", "<button type=\"submit\">Download</button>"] {
                assert!(page.text().contains(told), "{told} is not in {}", page.text());
            }
        }
    }
    let pressed = house.go("POST", &url.path, &[("accept", BROWSER)], Body::empty()).await;
    assert_eq!(pressed.status, StatusCode::SEE_OTHER);
    let ticket = path_of(pressed.header("location"));
    let file = house.go("GET", &ticket, &[], Body::empty()).await;
    assert_eq!((file.status, file.body.as_slice()), (StatusCode::OK, b"hello world".as_slice()));
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"report.txt\""));
    let page = house.go("GET", &url.path, &[("accept", BROWSER)], Body::empty()).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.text().contains("This link has ended"), "{}", page.text());
    let rest = house.go("GET", &ticket, &[("range", "bytes=6-")], Body::empty()).await;
    assert_eq!((rest.status, rest.body.as_slice()), (StatusCode::PARTIAL_CONTENT, b"world".as_slice()));
}

#[tokio::test]
async fn every_use_and_every_fetch_is_proven_under_the_urls_name() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({ "maxUses": 2 })).await;
    let proven = || {
        let entries = house.store.provenance(id.parse().expect("an id"));
        let entries = entries.into_iter().skip_while(|it| it.entry.kind != EntryKind::UrlCreated).skip(1);
        entries.map(|it| (it.entry.kind, it.entry.actor)).collect::<Vec<_>>()
    };
    let visitor = Actor::Person(format!("secure-url:{}", url.id));
    let pressed = house.go("POST", &url.path, &[("accept", BROWSER)], Body::empty()).await;
    assert_eq!(pressed.status, StatusCode::SEE_OTHER);
    let used = (EntryKind::UrlUsed, visitor.clone());
    assert_eq!(proven(), std::slice::from_ref(&used), "the button was pressed and nothing fetched yet");
    assert_eq!(house.fetched(&url.path, &[]).await.body, b"hello");
    assert_eq!(proven(), [used.clone(), used, (EntryKind::Fetched, visitor)]);
}

#[tokio::test]
async fn fetching_an_empty_file_is_proven_and_looking_at_it_is_not() {
    let house = House::new().await;
    let id = house.hand_in("empty.txt", b"").await;
    let url = house.download_url(&id, json!({})).await;
    let begun = house.go("GET", &url.path, &[], Body::empty()).await;
    let ticket = path_of(begun.header("location"));
    for (method, fetched) in [("HEAD", 0), ("GET", 1)] {
        let file = house.go(method, &ticket, &[], Body::empty()).await;
        assert_eq!((file.status, file.header("content-length"), file.body.len()), (StatusCode::OK, "0", 0));
        let entries = house.store.provenance(id.parse().expect("an id"));
        let proven: Vec<_> = entries.iter().filter(|it| it.entry.kind == EntryKind::Fetched).collect();
        assert_eq!(proven.len(), fetched, "{method}");
        assert!(proven.iter().all(|it| it.entry.details["start"] == 0 && it.entry.details["end"] == 0));
    }
}

#[tokio::test]
async fn it_opens_as_often_as_was_said_and_no_longer_than_was_said() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let twice = house.download_url(&id, json!({ "maxUses": 2, "lifetimeSeconds": 3600 })).await;
    for _ in 0..2 {
        assert_eq!(house.fetched(&twice.path, &[]).await.status, StatusCode::OK);
    }
    let third = house.go("GET", &twice.path, &[], Body::empty()).await;
    assert_eq!((third.status, third.code().as_str()), (StatusCode::GONE, "SECURE_URL_ENDED"));
    let short = house.download_url(&id, json!({ "maxUses": 9, "lifetimeSeconds": 60 })).await;
    let begun = house.go("GET", &short.path, &[], Body::empty()).await;
    house.clock.advance(Duration::from_secs(61));
    let late = house.go("GET", &short.path, &[], Body::empty()).await;
    assert_eq!(late.code(), "SECURE_URL_ENDED");
    let ticket = path_of(begun.header("location"));
    assert_eq!(house.go("GET", &ticket, &[], Body::empty()).await.status, StatusCode::OK, "what was begun goes on");
    house.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(house.go("GET", &ticket, &[], Body::empty()).await.code(), "SECURE_URL_NOT_FOUND");
}

#[tokio::test]
async fn taken_back_is_over_at_once_also_for_what_was_begun() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({ "maxUses": 5 })).await;
    let begun = house.go("GET", &url.path, &[], Body::empty()).await;
    for token in [house.token(&house.globex), house.token(&house.stranger)] {
        assert_eq!(code(&house.revoke(&token, &url.id).await), "SECURE_URL_NOT_FOUND");
    }
    assert_eq!(code(&house.revoke(&house.integrator(&house.acme), &url.id).await), "FORBIDDEN");
    let revoked = house.revoke(&house.operator(), &url.id).await;
    assert_eq!(revoked["data"]["revokeSecureUrl"]["secureUrl"]["state"], "REVOKED", "{revoked}");
    for path in [&url.path, &path_of(begun.header("location"))] {
        assert_eq!(house.go("GET", path, &[], Body::empty()).await.code(), "SECURE_URL_ENDED");
    }
}

#[tokio::test]
async fn a_passphrase_is_asked_for_and_ten_wrong_ones_lock() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({ "maxUses": 5, "passphrase": "correct horse" })).await;
    let asked = house.go("GET", &url.path, &[], Body::empty()).await;
    assert_eq!((asked.status, asked.code().as_str()), (StatusCode::UNAUTHORIZED, "PASSPHRASE_REQUIRED"));
    assert!(asked.header("www-authenticate").starts_with("Basic "));
    let right = basic("correct horse");
    assert_eq!(house.fetched(&url.path, &[("authorization", &right)]).await.body, b"hello");
    let headers = [("accept", BROWSER), ("content-type", "application/x-www-form-urlencoded")];
    let page = house.go("POST", &url.path, &headers, "passphrase=wrong+horse").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text().contains("After 9 more wrong ones") || page.text().contains("after 9 more wrong ones"));
    let page = house.go("POST", &url.path, &headers, "passphrase=correct+horse").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "a right one makes the wrong ones forgotten");
    for left in (0..10).rev() {
        let wrong = house.go("GET", &url.path, &[("authorization", &basic("guess"))], Body::empty()).await;
        let wanted = if left == 0 { "SECURE_URL_ENDED" } else { "PASSPHRASE_REQUIRED" };
        assert_eq!(wrong.code(), wanted, "with {left} left");
    }
    let locked = house.go("GET", &url.path, &[("authorization", &right)], Body::empty()).await;
    assert_eq!(locked.code(), "SECURE_URL_ENDED");
    let list = house.ask(&house.token(&house.acme), "{ secureUrls { nodes { id state uses } } }", json!({})).await;
    assert_eq!(list["data"]["secureUrls"]["nodes"][0], json!({ "id": url.id, "state": "LOCKED", "uses": 2 }), "{list}");
}

#[tokio::test]
async fn a_file_is_handed_in_by_the_form_or_in_one_request() {
    let house = House::new().await;
    let url = house.upload_url(json!({ "maxUses": 2, "passphrase": "correct horse" })).await;
    let page = house.go("GET", &url.path, &[("accept", BROWSER)], Body::empty()).await;
    for told in ["GLOBEX", "type=\"file\"", "type=\"password\""] {
        assert!(page.text().contains(told), "{told} is not in {}", page.text());
    }
    let refused = house.go("POST", &url.path, &[FORM, ("accept", BROWSER)], form("a.txt", "hello", None)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let body = form("a.txt", "hello", Some("correct horse"));
    let arrived = house.go("POST", &url.path, &[FORM, ("accept", BROWSER)], body).await;
    assert_eq!(arrived.status, StatusCode::CREATED, "{}", arrived.text());
    assert!(arrived.text().contains("The file has arrived") && arrived.text().contains("trf_"));
    let right = basic("correct horse");
    let headers = [("authorization", right.as_str()), ("content-type", "text/csv"), ("content-length", "4")];
    let put = house.go("PUT", &format!("{}/b%20c.csv", url.path), &headers, "1;2\n").await;
    assert_eq!(put.status, StatusCode::CREATED, "{}", put.text());
    let id = put.json()["transfer"].as_str().expect("an id").to_owned();
    house.work().await;
    let query = "query ($id: ID!) { transfer(id: $id) { fileName sender { slug } receivers { slug }
        provenance(first: 1) { nodes { kind actor } } } }";
    let found = house.ask(&house.token(&house.acme), query, json!({ "id": id })).await;
    let transfer = &found["data"]["transfer"];
    assert_eq!(transfer["fileName"], "b c.csv", "{found}");
    assert_eq!((&transfer["sender"]["slug"], &transfer["receivers"][0]["slug"]), (&json!("acme"), &json!("globex")));
    let third = house.go("PUT", &format!("{}/c.txt", url.path), &headers, "1;2\n").await;
    assert_eq!(third.code(), "SECURE_URL_ENDED");
}

#[tokio::test]
async fn who_comes_for_the_other_direction_uses_nothing_up() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let (gives, takes) = (house.download_url(&id, json!({})).await, house.upload_url(json!({})).await);
    let put = format!("{}/b.txt", gives.path);
    for (method, path, headers, body) in [
        ("GET", &takes.path, vec![], String::new()),
        ("POST", &takes.path, vec![], String::new()),
        ("PUT", &put, vec![("content-length", "5")], "hello".to_owned()),
        ("POST", &gives.path, vec![FORM], form("b.txt", "hello", None)),
    ] {
        let answer = house.go(method, path, &headers, body).await;
        assert_eq!(answer.code(), "METHOD_NOT_ALLOWED", "{method} {path}");
    }
    let list = house.ask(&house.token(&house.acme), "{ secureUrls { nodes { uses } } }", json!({})).await;
    assert_eq!(list["data"]["secureUrls"]["nodes"], json!([{ "uses": 0 }, { "uses": 0 }]), "{list}");
}

#[tokio::test]
async fn who_guesses_tokens_is_stopped_and_who_has_one_goes_on() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({})).await;
    let ask = async |path: String| {
        let mut request = Request::head(path).body(Body::empty()).expect("a request");
        request.extensions_mut().insert(ClientAddress("198.51.100.66".parse().expect("an address")));
        house.send(request).await.status
    };
    assert_eq!(ask(url.path.clone()).await, StatusCode::OK);
    for number in 0..BAD_TOKENS.requests {
        assert_eq!(ask(format!("/s/{number:064}")).await, StatusCode::NOT_FOUND);
    }
    assert_eq!(ask(format!("/s/{:064}", u32::MAX)).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(url.path.clone()).await, StatusCode::OK);
}

#[tokio::test]
async fn a_file_that_does_not_arrive_gives_its_use_back() {
    let house = House::new().await;
    let url = house.upload_url(json!({})).await;
    let broken = form("a.txt", "hello", None).replace("\r\n--cut--\r\n", "");
    let refused = house.go("POST", &url.path, &[FORM], broken).await;
    assert_eq!(refused.code(), "UPLOAD_INTERRUPTED");
    let misnamed = house.go("POST", &url.path, &[FORM], form("../a.txt", "hello", None)).await;
    assert_eq!(misnamed.code(), "INVALID_FILE_NAME");
    let arrived = house.go("POST", &url.path, &[FORM], form("a.txt", "hello", None)).await;
    assert_eq!(arrived.status, StatusCode::CREATED, "{}", arrived.text());
}

#[tokio::test]
async fn a_file_whose_connection_breaks_ends_and_gives_its_use_back() {
    let house = House::new().await;
    let url = house.upload_url(json!({})).await;
    let (breaks, broken) = futures::channel::oneshot::channel::<()>();
    let begin = futures::stream::once(async { Ok("hel".as_bytes()) });
    let end = futures::stream::once(async {
        let _sent = broken.await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    let path = format!("{}/a.txt", url.path);
    let body = Body::from_stream(begin.chain(end));
    let mut sending = Box::pin(house.go("PUT", &path, &[("content-length", "5")], body));
    let (found, query) = ("{ transfers { nodes { state } } secureUrls { nodes { uses } } }", house.token(&house.acme));
    let seen = async || {
        let seen = house.ask(&query, found, json!({})).await;
        (seen["data"]["transfers"]["nodes"].clone(), seen["data"]["secureUrls"]["nodes"][0]["uses"].clone())
    };
    let mut wait = 0;
    while seen().await != (json!([{ "state": "ANNOUNCED" }]), json!(1)) {
        assert!(futures::poll!(&mut sending).is_pending() && wait < 1_000, "{:?}", seen().await);
        wait += 1;
    }
    breaks.send(()).expect("the body is still read");
    assert!(!sending.await.status.is_success());
    assert_eq!(seen().await, (json!([{ "state": "CANCELLED" }]), json!(0)));
}

#[tokio::test]
async fn a_file_that_came_whole_and_whose_receipt_failed_ends_and_gives_its_use_back() {
    let house = House::new().await;
    let url = house.upload_url(json!({})).await;
    let put = async || house.go("PUT", &format!("{}/a.txt", url.path), &[("content-length", "5")], "hello").await;
    house.store.lose_receipts(1);
    assert_eq!(put().await.code(), "TEMPORARILY_UNAVAILABLE");
    let found = "{ transfers { nodes { state } } secureUrls { nodes { uses } } }";
    let seen = house.ask(&house.token(&house.acme), found, json!({})).await;
    assert_eq!(seen["data"]["transfers"]["nodes"], json!([{ "state": "CANCELLED" }]));
    assert_eq!(seen["data"]["secureUrls"]["nodes"], json!([{ "uses": 0 }]));
    assert_eq!(put().await.status, StatusCode::CREATED, "the one use is there again");
}

#[rstest]
#[case("GET", "/s/0000000000000000000000000000000000000000000000000000000000000000")]
#[case("GET", "/s/not-a-token")]
#[case("POST", "/s/not-a-token")]
#[case("PUT", "/s/not-a-token/a.txt")]
#[case("GET", "/s/not-a-token/neither-a-ticket")]
#[tokio::test]
async fn what_opens_nothing_looks_the_same_everywhere(#[case] method: &str, #[case] path: &str) {
    let house = House::new().await;
    let answer = house.go(method, path, &[], Body::empty()).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "SECURE_URL_NOT_FOUND"));
    let page = house.go(method, path, &[("accept", BROWSER)], Body::empty()).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.text().contains("Nothing is found under this link"), "{}", page.text());
}

#[tokio::test]
async fn a_ticket_opens_its_own_url_alone() {
    let house = House::new().await;
    let (first, second) = (house.hand_in("a.txt", b"first").await, house.hand_in("b.txt", b"second").await);
    let (first, second) = (house.download_url(&first, json!({})).await, house.download_url(&second, json!({})).await);
    let begun = house.go("GET", &first.path, &[], Body::empty()).await;
    let ticket = begun.header("location").rsplit('/').next().expect("a ticket").to_owned();
    let crossed = house.go("GET", &format!("{}/{ticket}", second.path), &[], Body::empty()).await;
    assert_eq!(crossed.code(), "SECURE_URL_NOT_FOUND");
}

#[rstest]
#[case::an_integrator("integrator", json!({}), "FORBIDDEN")]
#[case::an_operator("operator", json!({}), "FORBIDDEN")]
#[case::a_stranger("stranger", json!({}), "PAYLOAD_NOT_FOUND")]
#[case::a_receiver_before_its_release("globex", json!({}), "PAYLOAD_NOT_FOUND")]
#[case::too_short_a_life("acme", json!({ "lifetimeSeconds": 59 }), "INVALID_SECURE_URL")]
#[case::too_long_a_life("acme", json!({ "lifetimeSeconds": 7_776_001 }), "INVALID_SECURE_URL")]
#[case::no_use("acme", json!({ "maxUses": 0 }), "INVALID_SECURE_URL")]
#[case::a_weak_passphrase("acme", json!({ "passphrase": "1234567" }), "INVALID_SECURE_URL")]
#[tokio::test]
async fn only_who_may_fetch_may_let_others_fetch(#[case] who: &str, #[case] terms: Value, #[case] wanted: &str) {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let token = match who {
        "integrator" => house.integrator(&house.acme),
        "operator" => house.operator(),
        "stranger" => house.token(&house.stranger),
        "globex" => house.token(&house.globex),
        _ => house.token(&house.acme),
    };
    let answer = house.ask(&token, DOWNLOAD, json!({ "input": { "transfer": id, "terms": terms } })).await;
    assert_eq!(code(&answer), wanted, "{answer}");
}

#[tokio::test]
async fn a_url_to_hand_in_needs_an_agreement() {
    let house = House::new().await;
    for receivers in [json!(["stranger"]), json!(["nobody"])] {
        let input = json!({ "input": { "receivers": receivers } });
        let answer = house.ask(&house.token(&house.acme), UPLOAD, input).await;
        assert_eq!(code(&answer), "NO_AGREEMENT", "{answer}");
    }
}
