//! Known answers of the standard, and everything that must not verify.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use rstest::rstest;
use time::OffsetDateTime;

use super::{ID, SIGNATURE, TIMESTAMP, VerifyError, sign, verify};
use crate::webhook::{InvalidSecret, Secret};

/// The example of the Standard Webhooks reference libraries.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const MINUTES: Duration = Duration::from_secs(300);

fn at() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_614_265_330).expect("a valid time")
}

fn headers() -> HeaderMap {
    let secrets = Secret::read(SECRET).expect("a valid secret");
    sign(&secrets, MESSAGE, at(), BODY)
        .into_iter()
        .map(|(name, value)| (name.parse().expect("a header name"), value.parse().expect("a header value")))
        .collect()
}

fn secret() -> Secret {
    Secret::parse(SECRET).expect("a valid secret")
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
    let other = Secret::parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a valid secret");
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
    let secrets = Secret::read(&format!("{SECRET} {new}")).expect("two valid secrets");
    let headers: HeaderMap = sign(&secrets, MESSAGE, at(), BODY)
        .into_iter()
        .map(|(name, value)| (name.parse().expect("a header name"), value.parse().expect("a header value")))
        .collect();
    for text in [SECRET, new] {
        let secret = Secret::parse(text).expect("a valid secret");
        assert_eq!(verify(&secret, &headers, BODY, at(), MINUTES), Ok(()));
    }
}

#[rstest]
#[case("", InvalidSecret::Prefix)]
#[case("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", InvalidSecret::Prefix)]
#[case("whsec_!!!", InvalidSecret::Base64)]
#[case("whsec_c2hvcnQ=", InvalidSecret::Length)]
fn malformed_secrets_are_refused_without_being_repeated(#[case] text: &str, #[case] error: InvalidSecret) {
    assert_eq!(Secret::parse(text).err(), Some(error));
}
