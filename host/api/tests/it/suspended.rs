//! A partner that is suspended: its users hand in nothing, fetch nothing and let nobody in, and what it gave out before opens
//! nothing.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::{StreamExt, stream};
use lockgate_core::partner::{Partner, PartnerStatus};
use lockgate_core::ports::Registry;
use rstest::rstest;
use serde_json::{Value, json};

use crate::house::{Answer, House, code};
use crate::secure_urls::Made;
use crate::uploads::path_of;

const BROWSER: (&str, &str) = ("accept", "text/html");
const FORM: (&str, &str) = ("content-type", "multipart/form-data; boundary=cut");
const FILE: &str =
    "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--cut--\r\n";

impl House {
    async fn put_status(&self, partner: &Partner, status: PartnerStatus) {
        self.store.update_partner(&Partner { status, ..partner.clone() }).await.expect("it exists");
    }

    async fn suspend(&self, partner: &Partner) {
        self.put_status(partner, PartnerStatus::Suspended).await;
    }

    async fn come(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).expect("a request")).await
    }
}

/// Where a use of a URL finds the bytes.
async fn ticket(house: &House, path: &str) -> String {
    let begun = house.come("GET", path, &[], "").await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", String::from_utf8_lossy(&begun.body));
    begun.header("location").trim_start_matches("https://lockgate.example").to_owned()
}

#[rstest]
#[case::what_it_sent("")]
#[case::a_delivery("?delivery=dlv_0193a000000070008000000000000009")]
#[tokio::test]
async fn its_users_fetch_nothing_until_it_is_active_again(#[case] query: &str) {
    let house = House::new().await;
    let path = format!("/transfers/{}/payload{query}", house.hand_in("a.txt", b"hello").await);
    let bearer = format!("Bearer {}", house.token(&house.acme));
    let fetch = async |method: &str| house.come(method, &path, &[("authorization", &bearer)], "").await;
    let before = fetch("GET").await.status;
    house.suspend(&house.acme).await;
    let refused = fetch("GET").await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "PARTNER_SUSPENDED"));
    assert_eq!(refused.json()["detail"], "the partner is suspended; ask the operator");
    assert_eq!(fetch("HEAD").await.status, StatusCode::FORBIDDEN);
    house.put_status(&house.acme, PartnerStatus::Active).await;
    assert_eq!(fetch("GET").await.status, before);
}

#[tokio::test]
async fn others_fetch_on_from_the_one_that_is_suspended() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    house.work().await;
    house.suspend(&house.acme).await;
    let bearer = format!("Bearer {}", house.token(&house.globex));
    let fetched = house.come("GET", &format!("/transfers/{id}/payload"), &[("authorization", &bearer)], "").await;
    assert_eq!((fetched.status, fetched.body.as_slice()), (StatusCode::OK, b"hello".as_slice()));
}

#[tokio::test]
async fn its_users_make_no_urls_and_may_take_theirs_back() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let made = house.download_url(&id, json!({})).await;
    house.suspend(&house.acme).await;
    let token = house.token(&house.acme);
    let download = "mutation ($input: CreateDownloadUrlInput!) { createDownloadUrl(input: $input) { url } }";
    let upload = "mutation ($input: CreateUploadUrlInput!) { createUploadUrl(input: $input) { url } }";
    for (mutation, input) in [(download, json!({ "transfer": id })), (upload, json!({ "receivers": ["globex"] }))] {
        let answer = house.ask(&token, mutation, json!({ "input": input })).await;
        assert_eq!(code(&answer), "PARTNER_SUSPENDED", "{answer}");
    }
    let revoked = house.revoke(&token, &made.id).await;
    assert_eq!(revoked["data"]["revokeSecureUrl"]["secureUrl"]["state"], "REVOKED", "{revoked}");
}

#[tokio::test]
async fn a_url_to_fetch_has_ended_on_its_page_for_programs_and_for_what_was_begun() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let url = house.download_url(&id, json!({ "maxUses": 9, "passphrase": "correct horse" })).await;
    let open = house.download_url(&id, json!({ "maxUses": 9 })).await;
    let begun = ticket(&house, &open.path).await;
    house.suspend(&house.acme).await;
    for (method, path) in [("GET", &url.path), ("POST", &url.path), ("GET", &open.path), ("GET", &begun)] {
        let answer = house.come(method, path, &[], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::GONE, "SECURE_URL_ENDED"), "{method} {path}");
        assert_eq!(answer.json()["detail"], "this URL opens nothing at present; ask whoever sent it");
    }
    for (method, path) in [("GET", &url.path), ("HEAD", &url.path), ("POST", &url.path)] {
        let page = house.come(method, path, &[BROWSER], "").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (StatusCode::GONE, "text/html; charset=utf-8"),
            "{method}"
        );
    }
    let page = String::from_utf8(house.come("GET", &url.path, &[BROWSER], "").await.body).expect("a page");
    assert!(page.contains("This link has ended") && !page.contains("a.txt") && !page.contains("suspended"), "{page}");
    house.put_status(&house.acme, PartnerStatus::Active).await;
    assert_eq!(house.come("GET", &begun, &[], "").await.body, b"hello");
    assert_eq!(
        (uses(&house, &url).await, uses(&house, &open).await),
        (json!(0), json!(1)),
        "only what opened was used"
    );
}

#[tokio::test]
async fn a_url_to_hand_in_has_ended_on_its_page_and_for_programs() {
    let house = House::new().await;
    let url = house.upload_url(json!({})).await;
    house.suspend(&house.acme).await;
    let file = format!("{}/a.txt", url.path);
    for (method, path, headers, body) in
        [("PUT", &file, ("content-length", "5"), "hello"), ("POST", &url.path, FORM, FILE)]
    {
        let answer = house.come(method, path, &[headers], body).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::GONE, "SECURE_URL_ENDED"), "{method}");
    }
    let page = house.come("GET", &url.path, &[BROWSER], "").await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(!String::from_utf8_lossy(&page.body).contains("GLOBEX"));
    house.put_status(&house.acme, PartnerStatus::Active).await;
    assert_eq!(uses(&house, &url).await, json!(0), "what was refused used nothing up");
    assert_eq!(house.come("POST", &url.path, &[FORM], FILE).await.status, StatusCode::CREATED);
}

/// A body of which the last bytes come after its sender was suspended.
fn overtaken(house: &House) -> Body {
    let (store, acme) = (house.store.clone(), house.acme.clone());
    let suspended = async move {
        let status = PartnerStatus::Suspended;
        store.update_partner(&Partner { status, ..acme }).await.expect("it exists");
        Ok("lo")
    };
    Body::from_stream(stream::iter([Ok::<_, std::io::Error>("hel")]).chain(stream::once(suspended)))
}

async fn states(house: &House) -> Value {
    let list = house.ask(&house.operator(), "{ transfers { nodes { state } } }", json!({})).await;
    list["data"]["transfers"]["nodes"].clone()
}

#[tokio::test]
async fn what_it_announced_takes_no_bytes_until_it_is_active_again() {
    let house = House::new().await;
    let (whole, part) = (house.create(6).await, path_of(&house.begin(6).await));
    for path in [&whole, &part] {
        assert_eq!(house.patch(path, 0, "abc").await.status, StatusCode::NO_CONTENT);
    }
    house.suspend(&house.acme).await;
    for path in [&whole, &part] {
        let refused = house.patch(path, 3, "def").await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "PARTNER_SUSPENDED"), "{path}");
        assert_eq!(house.head(path).await.header("upload-offset"), "3");
    }
    house.put_status(&house.acme, PartnerStatus::Active).await;
    for path in [&whole, &part] {
        assert_eq!(house.patch(path, 3, "def").await.header("upload-offset"), "6");
    }
    assert_eq!(states(&house).await, json!([{ "state": "RECEIVED" }]));
}

#[tokio::test]
async fn what_was_under_way_is_kept_and_not_received() {
    let house = House::new().await;
    let path = house.create(8).await;
    house.patch(&path, 0, "abc").await;
    for finishing in [house.patch(&path, 3, overtaken(&house)).await, house.head(&path).await] {
        assert_eq!(finishing.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(states(&house).await, json!([{ "state": "ANNOUNCED" }]));
    house.put_status(&house.acme, PartnerStatus::Active).await;
    assert_eq!(house.head(&path).await.header("upload-offset"), "8");
    assert_eq!(states(&house).await, json!([{ "state": "RECEIVED" }]));
}

#[rstest]
#[case::with_a_token(false, StatusCode::FORBIDDEN, "PARTNER_SUSPENDED")]
#[case::by_a_url(true, StatusCode::GONE, "SECURE_URL_ENDED")]
#[tokio::test]
async fn what_was_coming_in_one_request_ends_with_it(
    #[case] by_url: bool,
    #[case] status: StatusCode,
    #[case] code: &str,
) {
    let house = House::new().await;
    let url = house.upload_url(json!({})).await;
    let request = if by_url {
        Request::put(format!("{}/a.txt", url.path))
    } else {
        let bearer = format!("Bearer {}", house.token(&house.acme));
        Request::post("/transfers?to=globex&filename=a.txt").header("authorization", bearer)
    };
    let refused = house.send(request.header("content-length", 5).body(overtaken(&house)).expect("a request")).await;
    assert_eq!((refused.status, refused.code().as_str()), (status, code));
    assert_eq!(states(&house).await, json!([{ "state": "CANCELLED" }]));
    assert_eq!(uses(&house, &url).await, json!(0));
}

async fn uses(house: &House, url: &Made) -> Value {
    let list = house.ask(&house.token(&house.acme), "{ secureUrls { nodes { id uses } } }", json!({})).await;
    let found = list["data"]["secureUrls"]["nodes"].as_array().expect("a list").iter().find(|it| it["id"] == url.id);
    found.expect("it is listed")["uses"].clone()
}
