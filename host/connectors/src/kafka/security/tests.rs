//! Each of Kafka's four protocols has its settings, and what is wrong is said without being shown.

use lockgate_core::destination::KafkaMechanism;
use rstest::rstest;

use super::{BrokerLogin, BrokerSecurity, BrokerTls};

const CLIENT: &str = include_str!("../../../tests/data/tls/client.pem");

/// The certificate alone.
fn without_key() -> String {
    CLIENT.split_inclusive("END CERTIFICATE-----").next().expect("a certificate").to_owned()
}

fn login() -> BrokerLogin {
    BrokerLogin { mechanism: KafkaMechanism::ScramSha512, user: "gate".to_owned(), password: "hunter2".to_owned() }
}

#[rstest]
#[case::in_the_clear(false, false, "plaintext")]
#[case::by_tls(true, false, "ssl")]
#[case::with_a_login(false, true, "sasl_plaintext")]
#[case::with_both(true, true, "sasl_ssl")]
fn the_protocol_follows_from_what_is_there(#[case] tls: bool, #[case] sasl: bool, #[case] protocol: &str) {
    let security = BrokerSecurity { tls: tls.then(BrokerTls::default), login: sasl.then(login) };
    let properties = security.properties().expect("nothing is wrong");
    assert_eq!(properties["security.protocol"], protocol);
    assert_eq!(properties.contains_key("sasl.password"), sasl);
    let checked = properties.get("ssl.endpoint.identification.algorithm").map(String::as_str);
    assert_eq!(checked, tls.then_some("https"), "whoever answers is who was asked");
}

#[test]
fn a_certificate_is_shown_with_its_key() {
    let tls = BrokerTls { authorities: None, client: Some(CLIENT.to_owned()) };
    let properties = BrokerSecurity { tls: Some(tls), login: None }.properties().expect("it is PEM");
    assert_eq!((&*properties["ssl.certificate.pem"], &*properties["ssl.key.pem"]), (CLIENT, CLIENT));
}

#[rstest]
#[case::authorities(BrokerTls { authorities: Some("hunter2".to_owned()), client: None })]
#[case::a_client(BrokerTls { authorities: None, client: Some("hunter2".to_owned()) })]
#[case::a_client_without_key(BrokerTls { authorities: None, client: Some(without_key()) })]
fn what_is_not_pem_is_named_and_not_shown(#[case] tls: BrokerTls) {
    let error = BrokerSecurity { tls: Some(tls), login: None }.properties().expect_err("it is not PEM");
    assert!(error.contains("must be PEM") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_password_does_not_get_into_logs() {
    let security = BrokerSecurity { tls: None, login: Some(login()) };
    assert!(!format!("{security:?}").contains("hunter2"));
}
