//! Who comes by secure URLs: told the methods that there are, and bounded before anything is looked up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use lockgate_core::digest::Digest;
use lockgate_core::id::SecureUrlId;
use lockgate_core::ports::{SecureUrlStore, StoreError, UrlProof};
use lockgate_core::secure_url::SecureUrl;
use lockgate_core::time::Timestamp;
use lockgate_testkit::memory::MemoryStore;
use rstest::rstest;
use serde_json::json;

use crate::house::{Answer, House, REQUESTS};

/// The URLs of a store, and how often one was looked up by its token.
#[derive(Debug)]
pub(crate) struct CountedUrls {
    urls: Arc<MemoryStore>,
    looked: AtomicUsize,
}

impl CountedUrls {
    pub(crate) fn new(urls: Arc<MemoryStore>) -> Self {
        Self { urls, looked: AtomicUsize::new(0) }
    }

    fn looked(&self) -> usize {
        self.looked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl SecureUrlStore for CountedUrls {
    async fn add_url(
        &self,
        url: &SecureUrl,
        token: Digest,
        passphrase: Option<&str>,
        proof: UrlProof<'_>,
    ) -> Result<(), StoreError> {
        self.urls.add_url(url, token, passphrase, proof).await
    }

    async fn find_url(&self, id: SecureUrlId) -> Result<Option<SecureUrl>, StoreError> {
        self.urls.find_url(id).await
    }

    async fn url_of_token(&self, token: Digest) -> Result<Option<SecureUrl>, StoreError> {
        self.looked.fetch_add(1, Ordering::SeqCst);
        self.urls.url_of_token(token).await
    }

    async fn url_of_ticket(&self, ticket: Digest, at: Timestamp) -> Result<Option<SecureUrl>, StoreError> {
        self.urls.url_of_ticket(ticket, at).await
    }

    async fn passphrase(&self, id: SecureUrlId) -> Result<Option<String>, StoreError> {
        self.urls.passphrase(id).await
    }

    async fn count_try(&self, id: SecureUrlId, right: bool) -> Result<Option<u32>, StoreError> {
        self.urls.count_try(id, right).await
    }

    async fn use_url(
        &self,
        id: SecureUrlId,
        at: Timestamp,
        ticket: (Digest, Timestamp),
        proof: UrlProof<'_>,
    ) -> Result<bool, StoreError> {
        self.urls.use_url(id, at, ticket, proof).await
    }

    async fn revoke_url(&self, id: SecureUrlId, at: Timestamp, proof: UrlProof<'_>) -> Result<bool, StoreError> {
        self.urls.revoke_url(id, at, proof).await
    }
}

async fn come(house: &House, method: &str, path: &str, kind: &str, accept: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("content-type", kind).header("accept", accept);
    house.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn one_url_with_too_many_requests_is_refused_unlooked_and_others_are_not() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let (busy, other) = (house.download_url(&id, json!({})).await, house.download_url(&id, json!({})).await);
    let look = async |path: &str| come(&house, "HEAD", path, "text/plain", "*/*").await.status;
    for _ in 0..REQUESTS.requests {
        assert_eq!(look(&busy.path).await, StatusCode::OK);
    }
    let looked = house.urls.looked();
    assert_eq!(looked, REQUESTS.requests as usize, "one look-up each");
    for _ in 0..10 {
        assert_eq!(look(&busy.path).await, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(look(&format!("{}/{}", busy.path, "0".repeat(64))).await, StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(house.urls.looked(), looked, "what is refused costs no statement");
    assert_eq!(look(&other.path).await, StatusCode::OK);
    house.clock.advance(REQUESTS.window);
    assert_eq!(look(&busy.path).await, StatusCode::OK);
}

const HTML: &str = "multipart/form-data; boundary=cut";

#[rstest]
#[case::a_fetch_where_a_file_is_taken("GET", "takes", "text/plain", "*/*", "HEAD, POST")]
#[case::a_press_where_a_file_is_taken("POST", "takes", "text/plain", "*/*", "HEAD, POST")]
#[case::the_same_on_the_page("POST", "takes", "text/plain", "text/html", "HEAD, POST")]
#[case::a_file_where_one_is_given("PUT", "gives/b.txt", "text/plain", "*/*", "GET, HEAD")]
#[case::a_form_where_a_file_is_given("POST", "gives", HTML, "*/*", "GET, HEAD")]
#[case::the_same_on_the_page("POST", "gives", HTML, "text/html", "GET, HEAD")]
#[tokio::test]
async fn who_comes_for_the_other_direction_is_told_the_methods_that_there_are(
    #[case] method: &str,
    #[case] path: &str,
    #[case] kind: &str,
    #[case] accept: &str,
    #[case] allowed: &str,
) {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"hello").await;
    let (gives, takes) = (house.download_url(&id, json!({})).await, house.upload_url(json!({})).await);
    let path = path.replace("gives", &gives.path).replace("takes", &takes.path);
    let answer = come(&house, method, &path, kind, accept).await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, allowed));
}
