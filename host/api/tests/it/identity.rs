//! Who asks: good tokens of every algorithm, and a corpus of forged ones that all get the same answer.

pub(crate) mod issuer;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockgate_api::identity::{
    HttpsKeys, IssuerSettings, KeyRing, KeySource, KeySourceError, RefreshPolicy, TokenError, Verifier,
};
use lockgate_core::viewer::Role;
use serde_json::{Value, json};

use crate::house::House;
use issuer::{Issuer, now};

fn verifier(issuer: &Issuer) -> (Verifier, Arc<Counted>) {
    let source = Arc::new(Counted { jwks: Mutex::new(issuer.jwks()), fetches: AtomicUsize::new(0), fails: false });
    (verifier_over(source.clone(), RefreshPolicy::default()), source)
}

fn verifier_over(source: Arc<Counted>, policy: RefreshPolicy) -> Verifier {
    let settings = IssuerSettings { issuer: Issuer::NAME.into(), audience: Issuer::AUDIENCE.into(), leeway_seconds: 5 };
    Verifier::new(settings, Arc::new(KeyRing::new(source, policy)))
}

#[derive(Debug)]
struct Counted {
    jwks: Mutex<Vec<u8>>,
    fetches: AtomicUsize,
    fails: bool,
}

#[async_trait]
impl KeySource for Counted {
    async fn fetch(&self) -> Result<Vec<u8>, KeySourceError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            true => Err(KeySourceError::Unreachable { url: "https://issuer".into(), why: "it is away".into() }),
            false => Ok(self.jwks.lock().expect("no test panics while it holds it").clone()),
        }
    }
}

#[tokio::test]
async fn accepts_tokens_of_every_algorithm_and_role() {
    let issuer = Issuer::new();
    let (verifier, _) = verifier(&issuer);
    for key in ["ec", "ed", "rsa"] {
        let (viewer, _) = verifier.verify(&issuer.sign(key, &issuer.claims())).await.expect(key);
        assert_eq!(viewer.role, Role::Partner(issuer.partner));
        assert_eq!(viewer.subject, "ada");
    }
    let (operator, _) = verifier.verify(&issuer.token("operator", None)).await.expect("an operator");
    assert_eq!(operator.role, Role::Operator);
    let several = issuer.with("aud", json!(["elsewhere", Issuer::AUDIENCE]));
    assert!(verifier.verify(&several).await.is_ok(), "an audience among several is ours");
}

#[tokio::test]
async fn refuses_every_forged_token_alike() {
    let issuer = Issuer::new();
    let (verifier, _) = verifier(&issuer);
    let corpus = forged(&issuer);
    assert!(corpus.len() >= 40, "{}", corpus.len());
    for (what, token) in corpus {
        assert_eq!(verifier.verify(&token).await.err(), Some(TokenError::Invalid), "{what}");
    }
}

#[tokio::test]
async fn says_of_an_expired_token_only_that_it_expired() {
    let issuer = Issuer::new();
    let (verifier, _) = verifier(&issuer);
    let late = issuer.with_all(&[("nbf", json!(now() - 600)), ("exp", json!(now() - 60))]);
    assert_eq!(verifier.verify(&late).await.err(), Some(TokenError::Expired));
    let within_leeway = issuer.with_all(&[("nbf", json!(now() - 600)), ("exp", json!(now() - 2))]);
    assert!(verifier.verify(&within_leeway).await.is_ok());
}

#[tokio::test]
async fn asks_the_issuer_once_however_many_unknown_keys_come() {
    let issuer = Issuer::new();
    let (verifier, source) = verifier(&issuer);
    let verifier = Arc::new(verifier);
    let tokens = (0..50).map(|i| issuer.header(&issuer.claims(), json!({ "alg": "ES256", "kid": format!("k{i}") })));
    let tasks: Vec<_> = tokens
        .map(|token| {
            let verifier = Arc::clone(&verifier);
            tokio::spawn(async move { verifier.verify(&token).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("no panic").err(), Some(TokenError::Invalid));
    }
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn fetches_again_for_a_new_key_once_the_interval_has_passed() {
    let issuer = Issuer::new();
    let source = Arc::new(Counted { jwks: Mutex::new(issuer.jwks()), fetches: AtomicUsize::new(0), fails: false });
    let policy = RefreshPolicy { max_age: Duration::from_secs(600), min_interval: Duration::ZERO };
    let verifier = verifier_over(source.clone(), policy);
    assert!(verifier.verify(&issuer.sign("ec", &issuer.claims())).await.is_ok());
    assert!(verifier.verify(&issuer.sign("ec", &issuer.claims())).await.is_ok());
    assert_eq!(source.fetches.load(Ordering::SeqCst), 1, "a known key costs nothing");
    let unknown = issuer.header(&issuer.claims(), json!({ "alg": "ES256", "kid": "new" }));
    assert!(verifier.verify(&unknown).await.is_err());
    assert_eq!(source.fetches.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_token_that_was_good_is_not_once_its_key_is_withdrawn_or_another_has_its_id() {
    let (issuer, other) = (Issuer::new(), Issuer::new());
    let source = Arc::new(Counted { jwks: Mutex::new(issuer.jwks()), fetches: AtomicUsize::new(0), fails: false });
    // Keys are as old as they may be at once, so each token has them fetched.
    let policy = RefreshPolicy { max_age: Duration::ZERO, min_interval: Duration::ZERO };
    let verifier = verifier_over(source.clone(), policy);
    let token = issuer.sign("ec", &issuer.claims());
    for (what, jwks, good) in [
        ("as it was issued", issuer.jwks(), true),
        ("once more", issuer.jwks(), true),
        ("another key under its id", other.jwks(), false),
        ("its own again", issuer.jwks(), true),
        ("none", br#"{"keys":[]}"#.to_vec(), false),
    ] {
        *source.jwks.lock().expect("no test panics while it holds it") = jwks;
        assert_eq!(verifier.verify(&token).await.is_ok(), good, "{what}");
    }
}

#[tokio::test]
async fn says_that_keys_are_missing_when_the_issuer_never_answered() {
    let issuer = Issuer::new();
    let source = Arc::new(Counted { jwks: Mutex::default(), fetches: AtomicUsize::new(0), fails: true });
    let verifier = verifier_over(source, RefreshPolicy::default());
    let token = issuer.sign("ec", &issuer.claims());
    assert_eq!(verifier.verify(&token).await.err(), Some(TokenError::KeysUnavailable));
}

#[test]
fn takes_keys_from_https_or_loopback_only() {
    for good in ["https://issuer.example/keys", "http://127.0.0.1:9/keys", "http://localhost/keys", "http://[::1]/k"] {
        assert!(HttpsKeys::new(good).is_ok(), "{good}");
    }
    for bad in ["http://issuer.example/keys", "ftp://127.0.0.1/keys", "file:///etc/keys", "keys", "https://"] {
        assert!(HttpsKeys::new(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn challenges_by_rfc_6750_without_saying_why() {
    let house = House::new().await;
    for (authorization, challenge) in [
        (None, r#"Bearer realm="lockgate""#),
        (Some("Basic YTpi"), r#"Bearer realm="lockgate""#),
        (
            Some("Bearer forged"),
            r#"Bearer realm="lockgate", error="invalid_token", error_description="The token is not valid""#,
        ),
    ] {
        for route in ["/graphql?query={viewer{role}}", "/transfers/x/payload"] {
            let mut request = Request::get(route);
            if let Some(value) = authorization {
                request = request.header("authorization", value);
            }
            let answer = house.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{route}");
            assert_eq!(answer.header("www-authenticate"), challenge, "{route}");
            let body = answer.json();
            let code = body["code"].as_str().or(body["errors"][0]["extensions"]["code"].as_str());
            assert_eq!(code, Some("UNAUTHENTICATED"));
        }
    }
    assert_eq!(house.reads.opened(), 0);
}

#[tokio::test]
async fn refuses_two_authorizations_in_one_request() {
    let house = House::new().await;
    let good = format!("Bearer {}", house.operator());
    let request = Request::get("/graphql?query={viewer{role}}")
        .header("authorization", &good)
        .header("authorization", &good)
        .body(Body::empty())
        .expect("a request");
    assert_eq!(house.send(request).await.status, StatusCode::UNAUTHORIZED);
}

/// Tokens that must all be refused, each with what is wrong with it.
fn forged(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let good = issuer.sign("ec", &issuer.claims());
    let parts: Vec<_> = good.split('.').map(str::to_owned).collect();
    let stranger = Issuer::new();
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let with = |name: &str, value: Value| issuer.with(name, value);
    let header = |value: Value| issuer.header(&issuer.claims(), value);
    let duplicate = {
        let text = issuer.claims().to_string();
        issuer.sign_text("ec", &format!("{},\"sub\":\"eve\"}}", text.trim_end_matches('}')))
    };
    vec![
        ("nothing", String::new()),
        ("one part", "abc".into()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{good}.x")),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("a cut signature", good[..good.len() - 8].to_owned()),
        ("a signature of zeros", format!("{}.{}.{}", parts[0], parts[1], b64(&[0; 64]))),
        ("other claims under the signature", format!("{}.{}.{}", parts[0], b64(b"{}"), parts[2])),
        ("padding", format!("{good}==")),
        ("a blank inside", good.replacen('.', " .", 1)),
        ("a megabyte", format!("{}.{}.{}", parts[0], "A".repeat(1 << 20), parts[2])),
        ("a megabyte of dots", ".".repeat(1 << 20)),
        ("the alg none", issuer.unsigned(json!({ "alg": "none", "kid": "ec" }))),
        ("the alg None", issuer.unsigned(json!({ "alg": "None", "kid": "ec" }))),
        ("the alg nOnE", issuer.unsigned(json!({ "alg": "nOnE", "kid": "ec" }))),
        ("no alg", issuer.unsigned(json!({ "kid": "ec" }))),
        ("HS256 keyed by the RSA modulus", issuer.confused("rsa")),
        ("HS256 keyed by the EC point", issuer.confused("ec")),
        ("RS256 said of the EC key", header(json!({ "alg": "RS256", "kid": "ec" }))),
        ("EdDSA said of the EC key", header(json!({ "alg": "EdDSA", "kid": "ec" }))),
        ("ES384 said of the EC key", header(json!({ "alg": "ES384", "kid": "ec" }))),
        ("PS256 said of the RSA key", issuer.header_by("rsa", json!({ "alg": "PS256", "kid": "rsa" }))),
        ("another key's id", header(json!({ "alg": "ES256", "kid": "ed" }))),
        ("an unknown key id", header(json!({ "alg": "ES256", "kid": "elsewhere" }))),
        ("no key id", header(json!({ "alg": "ES256" }))),
        ("an empty key id", header(json!({ "alg": "ES256", "kid": "" }))),
        ("a key id like a path", header(json!({ "alg": "ES256", "kid": "../../dev/null" }))),
        ("a key id of another type", header(json!({ "alg": "ES256", "kid": 7 }))),
        ("a key of its own", header(json!({ "alg": "ES256", "kid": "ec", "jku": "https://evil.example/keys" }))),
        ("a certificate of its own", header(json!({ "alg": "ES256", "kid": "ec", "x5u": "https://evil.example" }))),
        ("critical extensions", header(json!({ "alg": "ES256", "kid": "ec", "crit": ["exp"] }))),
        ("unencoded content", header(json!({ "alg": "ES256", "kid": "ec", "b64": false }))),
        ("another type of token", header(json!({ "alg": "ES256", "kid": "ec", "typ": "logout+jwt" }))),
        ("a stranger's signature", stranger.sign("ec", &issuer.claims())),
        ("an encryption key's signature", issuer.header_by("ec", json!({ "alg": "ES256", "kid": "enc" }))),
        ("no exp", issuer.without("exp")),
        ("no nbf", issuer.without("nbf")),
        ("no iss", issuer.without("iss")),
        ("no aud", issuer.without("aud")),
        ("no sub", issuer.without("sub")),
        ("no role", issuer.without("lockgate_role")),
        ("no partner", issuer.without("lockgate_partner")),
        ("exp as text", with("exp", json!((now() + 600).to_string()))),
        ("exp as a fraction", with("exp", json!(now() as f64 + 0.5))),
        ("exp below zero", with("exp", json!(-1))),
        ("exp null", with("exp", Value::Null)),
        ("exp as an array", with("exp", json!([now() + 600]))),
        (
            "exp beyond 64 bits",
            issuer.sign_text("ec", &issuer.claims().to_string().replace("\"exp\":", "\"exp\":9e99,\"x\":")),
        ),
        ("nbf as text", with("nbf", json!("0"))),
        ("nbf true", with("nbf", json!(true))),
        ("nbf in the future", with("nbf", json!(now() + 300))),
        ("another audience", with("aud", json!("elsewhere"))),
        ("other audiences", with("aud", json!(["elsewhere", "nowhere"]))),
        ("no audience in the list", with("aud", json!([]))),
        ("an audience of another type", with("aud", json!({ "0": Issuer::AUDIENCE }))),
        ("a longer audience", with("aud", json!(format!("{}x", Issuer::AUDIENCE)))),
        ("another issuer", with("iss", json!("https://evil.example"))),
        ("an issuer with a slash", with("iss", json!(format!("{}/", Issuer::NAME)))),
        ("some issuers", with("iss", json!([Issuer::NAME]))),
        ("an empty subject", with("sub", json!(""))),
        ("a subject with a newline", with("sub", json!("ada\nroot"))),
        ("a long subject", with("sub", json!("a".repeat(300)))),
        ("a subject of another type", with("sub", json!(["ada"]))),
        ("an unknown role", with("lockgate_role", json!("admin"))),
        ("a role in capitals", with("lockgate_role", json!("OPERATOR"))),
        ("some roles", with("lockgate_role", json!(["partner", "operator"]))),
        ("an operator of a partner", with("lockgate_role", json!("operator"))),
        ("a partner of another kind", with("lockgate_partner", json!("trf_00000000000000000000000000000000"))),
        ("a partner that is no id", with("lockgate_partner", json!("globex"))),
        ("a claim twice", duplicate),
        ("claims that are an array", issuer.sign_text("ec", "[]")),
        ("claims that are no JSON", issuer.sign_text("ec", "{")),
    ]
}
