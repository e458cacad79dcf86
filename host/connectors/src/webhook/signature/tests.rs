//! Known answers of the standard, and everything that must not verify.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use rstest::rstest;
use time::OffsetDateTime;

use super::{ID, SIGNATURE, TIMESTAMP, VerifyError, sign, verify};
use crate::webhook::{InvalidSecret, Secret, VerifyingKey};

/// The example of the Standard Webhooks reference libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const MINUTES: Duration = Duration::from_secs(300);

fn at() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_614_265_330).expect("a valid time")
}

/// The Ed25519 example of the reference libraries, and its public key.
const PAIR: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

fn headers() -> HeaderMap {
    signed_with(SECRET)
}

fn signed_with(secrets: &str) -> HeaderMap {
    let secrets = Secret::read(secrets).expect("valid secrets");
    sign(&secrets, MESSAGE, at(), BODY)
        .into_iter()
        .map(|(name, value)| (name.parse().expect("a header name"), value.parse().expect("a header value")))
        .collect()
}

fn secret() -> VerifyingKey {
    key(SECRET)
}

fn key(text: &str) -> VerifyingKey {
    VerifyingKey::parse(text).expect("a valid key")
}

#[test]
fn signs_as_the_reference_libraries_do() {
    assert_eq!(headers()[SIGNATURE], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_eq!(verify(&secret(), &headers(), BODY, at(), MINUTES), Ok(()));
}

#[test]
fn another_body_id_or_secret_does_not_verify() {
    assert_eq!(verify(&secret(), &headers(), b"{}", at(), MINUTES), Err(VerifyError::Signature));
    let mut renamed = headers();
    renamed.insert(ID, HeaderValue::from_static("msg_other"));
    assert_eq!(verify(&secret(), &renamed, BODY, at(), MINUTES), Err(VerifyError::Signature));
    let other = key("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(verify(&other, &headers(), BODY, at(), MINUTES), Err(VerifyError::Signature));
}

#[rstest]
#[case(301)]
#[case(-301)]
fn old_and_future_messages_do_not_verify(#[case] later: i64) {
    let now = at() + time::Duration::seconds(later);
    assert_eq!(verify(&secret(), &headers(), BODY, now, MINUTES), Err(VerifyError::Time));
}

#[rstest]
#[case(ID)]
#[case(TIMESTAMP)]
#[case(SIGNATURE)]
fn a_missing_header_is_named(#[case] name: &'static str) {
    let mut fewer = headers();
    fewer.remove(name);
    assert_eq!(verify(&secret(), &fewer, BODY, at(), MINUTES), Err(VerifyError::Header(name)));
}

#[rstest]
#[case::other_version("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
#[case::no_version("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
#[case::cut("v1,g0hM9SsE+OTPJTGt")]
#[case::empty("")]
fn malformed_signatures_do_not_verify(#[case] value: &'static str) {
    let mut changed = headers();
    changed.insert(SIGNATURE, HeaderValue::from_static(value));
    assert_eq!(verify(&secret(), &changed, BODY, at(), MINUTES), Err(VerifyError::Signature));
}

#[test]
fn while_a_secret_is_rotated_both_verify() {
    let new = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let headers = signed_with(&format!("{SECRET} {new} {PAIR}"));
    for text in [SECRET, new, PUBLIC] {
        assert_eq!(verify(&key(text), &headers, BODY, at(), MINUTES), Ok(()));
    }
}

#[test]
fn a_pair_signs_as_the_reference_libraries_do() {
    let headers = signed_with(PAIR);
    assert_eq!(
        headers[SIGNATURE],
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    );
    assert_eq!(Secret::parse(PAIR).expect("a valid pair").public_key().as_deref(), Some(PUBLIC));
    assert_eq!(verify(&key(PUBLIC), &headers, BODY, at(), MINUTES), Ok(()));
    assert_eq!(verify(&key(PUBLIC), &headers, b"{}", at(), MINUTES), Err(VerifyError::Signature));
    assert_eq!(verify(&secret(), &headers, BODY, at(), MINUTES), Err(VerifyError::Signature), "the wrong kind of key");
}

#[rstest]
#[case("", InvalidSecret::Prefix)]
#[case("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", InvalidSecret::Prefix)]
#[case("whsec_!!!", InvalidSecret::Base64)]
#[case("whsec_c2hvcnQ=", InvalidSecret::Length)]
#[case("whsk_c2hvcnQ=", InvalidSecret::Length)]
#[case(
    "whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    InvalidSecret::Pair
)]
#[case("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=", InvalidSecret::Prefix)]
fn malformed_secrets_are_refused_without_being_repeated(#[case] text: &str, #[case] error: InvalidSecret) {
    assert_eq!(Secret::parse(text).err(), Some(error));
}

/// The example of docs/destinations.md.
#[test]
fn a_delivery_is_signed_as_the_page_about_destinations_says() {
    let page = include_str!("../../../../../docs/destinations.md");
    let field = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(name)).expect("the example has it");
        line.trim().to_owned()
    };
    let secret = Secret::parse(&field("secret  ")).expect("a secret");
    let at =
        OffsetDateTime::from_unix_timestamp(field("webhook-timestamp  ").parse().expect("a number")).expect("a time");
    let content = format!("sha256={}", lockgate_core::digest::Digest::of(b"a,b\n1,2\n").hex());
    let [(_, id), (_, time), (_, signature)] = sign(&[secret], &field("webhook-id  "), at, content.as_bytes());
    assert_eq!(field("signed  "), format!("{id}.{time}.{content}"));
    assert_eq!(field("webhook-signature  "), signature);
}
