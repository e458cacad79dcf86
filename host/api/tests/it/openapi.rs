//! The OpenAPI document against the running router, in both directions.

use std::collections::BTreeSet;
use std::path::Path;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::house::{Answer, House};

const ID: &str = "upl_0193a000000070008000000000000009";

/// `UPDATE_SCHEMA=1` (or `cargo xtask schema`) rewrites the file; the diff is what a reviewer reads.
#[test]
fn is_the_one_that_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/lockgate.json");
    let built = lockgate_api::openapi();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(&path, &built).expect("the document can be written");
    }
    let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(built == reviewed, "openapi/lockgate.json is not the built document: run `cargo xtask schema`");
}

fn document() -> Value {
    serde_json::from_str(&lockgate_api::openapi()).expect("JSON")
}

fn paths(document: &Value) -> BTreeSet<String> {
    document["paths"].as_object().expect("paths").keys().cloned().collect()
}

async fn ask(house: &House, method: &str, path: &str, headers: &[(&str, &str)], body: &'static str) -> Answer {
    let method: Method = method.to_uppercase().parse().expect("a method");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(Body::from(body)).expect("a request")).await
}

/// Every route that the router is given, by the text of the router; GraphQL and its page describe themselves.
#[test]
fn describes_every_route_of_the_router() {
    let source = include_str!("../../src/router.rs").replace(char::is_whitespace, "");
    let routes: BTreeSet<_> = source
        .split(".route(\"")
        .skip(1)
        .filter_map(|it| it.split_once('"').map(|(path, _)| path.to_owned()))
        .filter(|path| !path.starts_with("/graph"))
        .collect();
    assert!(routes.len() >= 5, "{routes:?}");
    assert_eq!(routes, paths(&document()));
}

#[tokio::test]
async fn describes_every_method_of_every_route_and_no_other() {
    let house = House::new().await;
    let document = document();
    let operator = format!("Bearer {}", house.operator());
    for path in paths(&document) {
        let real = path.replace("{id}", ID);
        for method in ["get", "head", "post", "put", "patch", "delete", "options", "trace"] {
            let headers = [("authorization", operator.as_str()), ("tus-resumable", "1.0.0")];
            let answer = ask(&house, method, &real, &headers, "").await;
            let is_described = document["paths"][&path].get(method).is_some();
            // An override without a method to put in place is refused like a method that is not known.
            let is_known = answer.status != 405 || (path == "/uploads/{id}" && method == "post");
            assert_eq!(is_described, is_known, "{method} {path}: {}", answer.status);
            assert_ne!(answer.status, 500, "{method} {path}");
        }
    }
}

/// Method and path as described, then what is asked: address, headers, body; and the status that is expected.
type Case<'a> = (&'static str, &'static str, &'a str, Vec<(&'a str, &'a str)>, &'static str, u16);

#[tokio::test]
async fn describes_every_status_that_comes() {
    let house = House::new().await;
    let document = document();
    let acme = format!("Bearer {}", house.token(&house.acme));
    let globex = format!("Bearer {}", house.token(&house.globex));
    let operator = format!("Bearer {}", house.operator());
    let id = house.hand_in("a.txt", b"abc").await;
    let payload = format!("/transfers/{id}/payload");
    let etag = ask(&house, "get", &payload, &[("authorization", &acme)], "").await.header("etag").to_owned();
    let send = "/transfers?to=globex&filename=b.txt";
    let to = "to Z2xvYmV4,filename Yi50eHQ=,filetype dGV4dC9wbGFpbg==";
    let (tus, acme) = (("tus-resumable", "1.0.0"), ("authorization", acme.as_str()));
    let created =
        ask(&house, "post", "/uploads", &[acme, tus, ("upload-length", "3"), ("upload-metadata", to)], "").await;
    let upload = created.header("location").trim_start_matches("https://lockgate.example").to_owned();
    let opens = house.download_url(&id, json!({ "maxUses": 3 })).await.path;
    let takes = format!("{}/c.txt", house.upload_url(json!({})).await.path);
    let begun = ask(&house, "get", &opens, &[], "").await;
    let ticket = begun.header("location").trim_start_matches("https://lockgate.example").to_owned();
    let browser = ("accept", "text/html");
    let chunk = ("content-type", "application/offset+octet-stream");
    let key = ("idempotency-key", "k");
    let clerk = ("authorization", operator.as_str());
    let cases: Vec<Case<'_>> = vec![
        ("post", "/transfers", send, vec![acme, key, ("content-length", "3")], "abc", 201),
        ("post", "/transfers", send, vec![acme, key, ("content-length", "3")], "abc", 200),
        ("post", "/transfers", "/transfers?to=globex&filename=c.txt", vec![acme, key], "abc", 409),
        ("post", "/transfers", "/transfers?to=globex&filename=b.txt&x=1", vec![acme], "abc", 400),
        ("post", "/transfers", send, vec![], "abc", 401),
        ("post", "/transfers", "/transfers?to=initech&filename=b.txt", vec![acme], "abc", 403),
        ("post", "/transfers", send, vec![acme, ("content-length", "99999999")], "", 413),
        ("get", "/transfers/{id}/payload", &payload, vec![acme], "", 200),
        ("get", "/transfers/{id}/payload", &payload, vec![acme, ("range", "bytes=0-1")], "", 206),
        ("get", "/transfers/{id}/payload", &payload, vec![acme, ("if-none-match", &etag)], "", 304),
        ("get", "/transfers/{id}/payload", &payload, vec![acme, ("range", "bytes=9-")], "", 416),
        ("get", "/transfers/{id}/payload", &payload, vec![("authorization", &globex)], "", 404),
        ("get", "/transfers/{id}/payload", &payload, vec![], "", 401),
        ("head", "/transfers/{id}/payload", &payload, vec![acme], "", 200),
        ("get", "/s/{token}", &opens, vec![browser], "", 200),
        ("head", "/s/{token}", &opens, vec![], "", 200),
        ("get", "/s/{token}", &opens, vec![], "", 303),
        ("post", "/s/{token}", &opens, vec![], "", 303),
        ("post", "/s/{token}", &opens, vec![], "", 410),
        ("get", "/s/{token}", "/s/nothing", vec![], "", 404),
        ("get", "/s/{token}/{tail}", &ticket, vec![], "", 200),
        ("head", "/s/{token}/{tail}", &ticket, vec![], "", 200),
        ("get", "/s/{token}/{tail}", &ticket, vec![("range", "bytes=0-1")], "", 206),
        ("get", "/s/{token}/{tail}", &ticket, vec![("range", "bytes=9-")], "", 416),
        ("put", "/s/{token}/{tail}", &takes, vec![("content-length", "3")], "abc", 201),
        ("put", "/s/{token}/{tail}", &takes, vec![("content-length", "3")], "abc", 410),
        ("post", "/uploads", "/uploads", vec![acme, tus, ("upload-length", "3"), ("upload-metadata", to)], "", 201),
        ("post", "/uploads", "/uploads", vec![acme, tus, ("upload-length", "x")], "", 400),
        ("post", "/uploads", "/uploads", vec![acme], "", 412),
        ("post", "/uploads", "/uploads", vec![tus], "", 401),
        ("options", "/uploads", "/uploads", vec![], "", 204),
        ("options", "/uploads/{id}", &upload, vec![], "", 204),
        ("head", "/uploads/{id}", &upload, vec![acme, tus], "", 200),
        ("head", "/uploads/{id}", &upload, vec![("authorization", &globex), tus], "", 404),
        ("patch", "/uploads/{id}", &upload, vec![acme, tus, ("upload-offset", "0")], "", 415),
        ("patch", "/uploads/{id}", &upload, vec![acme, tus, chunk, ("upload-offset", "2")], "c", 409),
        ("patch", "/uploads/{id}", &upload, vec![acme, tus, chunk], "c", 400),
        ("patch", "/uploads/{id}", &upload, vec![acme, tus, chunk, ("upload-offset", "0")], "ab", 204),
        ("post", "/uploads/{id}", &upload, vec![acme, tus], "", 405),
        ("post", "/uploads/{id}", &upload, vec![acme, tus, ("x-http-method-override", "HEAD")], "", 200),
        ("post", "/uploads/{id}", &upload, vec![acme, tus, ("x-http-method-override", "DELETE")], "", 204),
        ("delete", "/uploads/{id}", &upload, vec![acme, tus], "", 404),
        ("post", "/plugins", "/plugins", vec![clerk], "", 400),
        ("post", "/plugins", "/plugins?owner=nobody", vec![clerk], "", 404),
        ("post", "/plugins", "/plugins?owner=acme", vec![acme], "", 403),
        ("post", "/plugins", "/plugins", vec![], "", 401),
        ("post", "/plugins", "/plugins?owner=house", vec![clerk, ("content-type", "text/plain")], "wasm", 415),
    ];
    let mut seen = BTreeSet::new();
    for (method, path, uri, headers, body, expected) in &cases {
        let answer = ask(&house, method, uri, headers, body).await;
        let place = format!("{method} {uri}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.status.as_u16(), *expected, "{place}");
        let described = &document["paths"][path][method]["responses"][answer.status.as_str()];
        assert!(described.is_object(), "not described: {place}");
        if !answer.body.is_empty() && answer.header("content-type") == "application/problem+json" {
            let code = format!("`{}`", answer.code());
            assert!(described["description"].as_str().is_some_and(|it| it.contains(&code)), "{code}: {place}");
        }
        seen.insert((*method, *path));
    }
    let all = document["paths"].as_object().expect("paths").values().filter_map(Value::as_object).map(|it| it.len());
    assert_eq!(seen.len(), all.sum::<usize>(), "every operation was tried: {seen:?}");
}

/// Every refusal in the document is one that the code behind it can make, and has the status of its code.
#[test]
fn names_codes_that_exist_under_their_statuses() {
    let document = document();
    let mut refusals = 0;
    for operation in document["paths"].as_object().expect("paths").values().filter_map(Value::as_object).flatten() {
        for (status, response) in operation.1["responses"].as_object().expect("responses") {
            let text = response["description"].as_str().expect("a description");
            for name in text.lines().filter_map(|line| line.strip_prefix('`')?.split_once('`')).map(|(name, _)| name) {
                let code = lockgate_core::code::Code::ALL.iter().find(|code| code.name() == name);
                assert_eq!(code.map(|code| code.status().to_string()).as_deref(), Some(status.as_str()), "{name}");
                refusals += 1;
            }
        }
    }
    assert!(refusals > 60, "{refusals}");
}
