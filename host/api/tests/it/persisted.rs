//! Persisted operations: found by their digest in both forms, and nothing else where the role's mode says so.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use lockgate_api::{PersistedError, PersistedMode, PersistedModes, PersistedOperations};
use serde_json::{Value, json};

use crate::house::{House, code};

const ROLE: &str = "{ viewer { role } }";
const UNKNOWN: &str = "{ viewer { subject } }";

async fn house(modes: PersistedModes) -> (House, String) {
    let mut operations = PersistedOperations::default();
    let digest = operations.add(ROLE.to_owned());
    let house = House::with(|settings| {
        settings.persisted = Arc::new(operations);
        settings.persisted_modes = modes;
    })
    .await;
    (house, digest)
}

async fn ask(house: &House, token: &str, body: Value) -> Value {
    let request = Request::post("/graphql")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .expect("a request");
    house.send(request).await.json()
}

#[tokio::test]
async fn finds_a_document_by_its_digest_in_either_form() {
    let (house, digest) = house(PersistedModes::default()).await;
    let token = house.operator();
    let extension = |digest: &str| json!({ "persistedQuery": { "version": 1, "sha256Hash": digest } });
    for body in [
        json!({ "documentId": digest }),
        json!({ "documentId": format!("sha256:{digest}") }),
        json!({ "documentId": digest.to_uppercase() }),
        json!({ "extensions": extension(&digest) }),
        json!({ "query": ROLE, "extensions": extension(&digest) }),
    ] {
        let answer = ask(&house, &token, body.clone()).await;
        assert_eq!(answer["data"]["viewer"]["role"], "OPERATOR", "{body}: {answer}");
    }
    let by_get = Request::get(format!("/graphql?documentId={digest}"))
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty())
        .expect("a request");
    assert_eq!(house.send(by_get).await.json()["data"]["viewer"]["role"], "OPERATOR");
    for (body, expected) in [
        (json!({ "documentId": "0".repeat(64) }), "PERSISTED_QUERY_NOT_FOUND"),
        (json!({ "extensions": extension("nonsense") }), "PERSISTED_QUERY_NOT_FOUND"),
        (json!({ "query": UNKNOWN, "documentId": digest }), "QUERY_MALFORMED"),
        (json!({ "documentId": "a", "extensions": extension("b") }), "QUERY_MALFORMED"),
        (json!({ "query": ROLE, "extensions": { "persistedQuery": {} } }), "QUERY_MALFORMED"),
    ] {
        assert_eq!(code(&ask(&house, &token, body.clone()).await), expected, "{body}");
    }
}

#[tokio::test]
async fn lets_a_role_execute_persisted_documents_only_where_that_is_enforced() {
    let modes = PersistedModes {
        partner: PersistedMode::Enforced,
        integrator: PersistedMode::ReportOnly,
        operator: PersistedMode::Off,
    };
    let (house, digest) = house(modes).await;
    let partner = house.token(&house.acme);
    assert_eq!(code(&ask(&house, &partner, json!({ "query": UNKNOWN })).await), "OPERATION_NOT_PERSISTED");
    assert_eq!(house.reads.opened(), 0);
    for body in [json!({ "query": ROLE }), json!({ "documentId": digest })] {
        assert_eq!(ask(&house, &partner, body).await["data"]["viewer"]["role"], "PARTNER");
    }
    for token in [house.integrator(&house.acme), house.operator()] {
        assert_eq!(ask(&house, &token, json!({ "query": UNKNOWN })).await["data"]["viewer"]["subject"], "ada");
    }
}

#[test]
fn reads_documents_and_manifests_of_a_folder_and_nothing_that_is_not_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    let mut expected = PersistedOperations::default();
    let digest = expected.add(ROLE.to_owned());
    expected.add(UNKNOWN.to_owned());
    write("role.graphql", ROLE);
    write("README.md", "not one of them");
    let manifest = |digest: &str| json!({ digest: UNKNOWN }).to_string();
    let other = PersistedOperations::default().add(UNKNOWN.to_owned());
    write("manifest.json", &manifest(&other));
    assert_eq!(PersistedOperations::load(folder.path()).expect("a sound folder"), expected);
    write("manifest.json", &manifest(&digest));
    let mismatch = PersistedOperations::load(folder.path()).expect_err("a wrong digest");
    assert!(
        matches!(&mismatch, PersistedError::Mismatch(_, named, is) if *named == digest && *is == other),
        "{mismatch}"
    );
    write("manifest.json", "[]");
    assert!(matches!(PersistedOperations::load(folder.path()), Err(PersistedError::Manifest(..))));
    assert!(matches!(PersistedOperations::load(&folder.path().join("none")), Err(PersistedError::Unreadable(..))));
}
