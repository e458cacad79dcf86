//! An issuer's keys fetched over HTTP, on loopback.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use lockgate_api::identity::{HttpsKeys, KeySource};

/// Serves the routes on a free port and gives their address.
async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

#[tokio::test]
async fn fetches_a_set_and_nothing_larger_or_elsewhere() {
    let routes = Router::new()
        .route("/keys", get(async || r#"{"keys":[]}"#))
        .route("/large", get(async || "x".repeat(300 << 10)))
        .route("/away", get(async || StatusCode::NOT_FOUND))
        .route("/moved", get(async || (StatusCode::FOUND, [("location", "/keys")])));
    let base = serve(routes).await;
    let fetch = async |path: &str| HttpsKeys::new(&format!("{base}{path}")).expect("a loopback URL").fetch().await;
    assert_eq!(fetch("/keys").await.expect("a set"), br#"{"keys":[]}"#);
    for path in ["/large", "/away", "/moved"] {
        let error = fetch(path).await.expect_err(path);
        assert!(error.to_string().contains(path), "{error}");
    }
}
