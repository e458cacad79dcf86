//! While a secret is rotated, only the present one has to be fit to sign.

use std::time::Duration;

use lockgate_core::delivery::Cause;
use lockgate_testkit::memory::MemoryVault;
use rstest::rstest;
use time::OffsetDateTime;

use super::*;
use crate::webhook::{VerifyingKey, sign, verify};

const GOOD: &[u8] = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &[u8] = b"whsec_Zm9ybWVyLXNlY3JldC1vZi10aGUtd2ViaG9vaw==";
const HOUR: Duration = Duration::from_secs(3600);

/// What signs after one secret replaced the other.
async fn rotated(former: &[u8], present: &[u8]) -> Result<Vec<Secret>, Answer> {
    let (vault, partner) = (Arc::new(MemoryVault::default()), PartnerId::generate(OffsetDateTime::UNIX_EPOCH));
    for value in [former, present] {
        let value = SecretBytes::new(value.to_vec());
        vault.put_secret(Owner::Partner(partner), "signing", value, HOUR).await.expect("it is kept");
    }
    Secrets::new(vault).signing(partner, "signing").await
}

#[rstest]
#[case::a_password(b"hunter2")]
#[case::no_base64(b"whsec_pa$$word")]
#[case::one_good_and_one_bad(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw hunter2")]
#[case::no_text(&[0xff, 0xfe])]
#[case::blank(b"  ")]
#[tokio::test]
async fn a_former_secret_that_cannot_sign_leaves_the_present_one_to_sign_alone(#[case] former: &[u8]) {
    let keys = rotated(former, GOOD).await.expect("the present one signs");
    assert_eq!(keys.len(), 1);
    let now = OffsetDateTime::UNIX_EPOCH;
    let headers = sign(&keys, "msg", now, b"body").into_iter();
    let headers =
        headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect();
    let key = VerifyingKey::parse(std::str::from_utf8(GOOD).expect("text")).expect("a key");
    assert_eq!(verify(&key, &headers, b"body", now, HOUR), Ok(()));
}

#[rstest]
#[case::a_password(b"hunter2")]
#[case::no_text(&[0xff, 0xfe])]
#[tokio::test]
async fn a_present_secret_that_cannot_sign_is_refused_though_the_former_one_could(#[case] present: &[u8]) {
    let answer = rotated(GOOD, present).await.expect_err("the present one cannot sign");
    let Answer::Refused { cause: Cause::Misconfigured, disable: false, error, .. } = &answer else {
        panic!("{answer:?}")
    };
    assert!(error.contains("`signing`") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn both_sign_where_both_can() {
    assert_eq!(rotated(OTHER, GOOD).await.expect("both sign").len(), 2);
}
