//! What partners' URLs may not reach. Every listener here is a canary: it must never see a connection.

use lockgate_connectors::{Connectors, ConnectorsConfig, EgressConfig};
use lockgate_core::delivery::Answer;
use rstest::rstest;

use crate::receiver::Receiver;
use crate::world::{World, config, is_refused, plain};

fn closed() -> ConnectorsConfig {
    ConnectorsConfig { egress: EgressConfig { allow: vec![], ports: vec![], ..config().egress }, ..config() }
}

#[rstest]
#[case("http://127.0.0.1:PORT/")]
#[case("http://127.1:PORT/")]
#[case("http://2130706433:PORT/")]
#[case("http://0x7f.1:PORT/")]
#[case("http://0177.0.0.1:PORT/")]
#[case("http://0:PORT/")]
#[case("http://[::ffff:127.0.0.1]:PORT/")]
#[case("http://[::1]:PORT/")]
#[case("http://[64:ff9b::7f00:1]:PORT/")]
#[case("http://localhost:PORT/")]
#[case("http://localhost.:PORT/")]
#[case("http://rebind.example:PORT/")]
#[case("http://1.1.1.1@127.0.0.1:PORT/")]
#[case("http://127.0.0.1:PORT#@example.com/")]
#[case("http://127.0.0.1:PORT\\@example.com/")]
#[case("http://user:password@rebind.example:PORT/")]
#[case("http:127.0.0.1:PORT/")]
#[case("http:///127.0.0.1:PORT/")]
#[case("HTTP://127.0.0.1:PORT/")]
#[case(" http://127.0.0.1:PORT/")]
#[case("ht\ntp://127.0.0.1:PORT/")]
#[case("ftp://127.0.0.1:PORT/")]
#[case("file:///etc/passwd")]
#[case("unix:///run/docker.sock")]
#[case("127.0.0.1:PORT")]
#[case("")]
#[tokio::test]
async fn canaries_are_never_reached(#[case] url: &str) {
    let canary = Receiver::start([]).await;
    let url = url.replace("PORT", &canary.address.port().to_string());
    // Whatever the name, it leads to loopback, as a rebinding name server would have it.
    let answer = World::with(&closed()).deliver(plain(url), "x").await;
    assert!(is_refused(&answer), "{answer:?}");
    assert_eq!(canary.begun(), 0);
}

#[tokio::test]
async fn a_name_with_open_and_closed_addresses_is_reached_at_the_open_one_only() {
    let receiver = Receiver::start([]).await;
    // Were 10.9.9.9 dialled, the attempt would not end in time.
    let world = World::resolving(&config(), vec!["10.9.9.9".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
    let answer = world.deliver(plain(format!("http://two.example:{}/", receiver.address.port())), "x").await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
}

#[tokio::test]
async fn an_allowed_host_name_is_reached_wherever_it_leads() {
    let receiver = Receiver::start([]).await;
    let egress = EgressConfig { allow: vec!["inside.example".to_owned()], ..config().egress };
    let world = World::with(&ConnectorsConfig { egress, ..config() });
    let port = receiver.address.port();
    let allowed = world.deliver(plain(format!("http://Inside.Example.:{port}/")), "x").await;
    assert!(matches!(allowed, Answer::Taken { .. }), "{allowed:?}");
    let other = world.deliver(plain(format!("http://outside.example:{port}/")), "x").await;
    assert!(is_refused(&other), "{other:?}");
    assert_eq!(receiver.begun(), 1);
}

#[rstest]
#[case("http://1.1.1.1:22/", "port 22")]
#[case("https://[2606:4700::1111]:6379/", "port 6379")]
#[case("https://user@1.1.1.1/", "user name")]
#[tokio::test]
async fn refusals_say_why(#[case] url: &str, #[case] reason: &str) {
    let answer = World::new().deliver(plain(url), "x").await;
    assert!(is_refused(&answer) && format!("{answer:?}").contains(reason), "{answer:?}");
}

#[tokio::test]
async fn a_refusal_does_not_tell_what_a_name_leads_to() {
    let answer = World::with(&closed()).deliver(plain("http://name.example/"), "x").await;
    assert!(is_refused(&answer) && !format!("{answer:?}").contains("127."), "{answer:?}");
}

#[test]
fn nonsense_in_the_allow_list_is_refused_at_start() {
    for entry in ["10.0.0.0/33", "http://host/", "", "*"] {
        let egress = EgressConfig { allow: vec![entry.to_owned()], ..EgressConfig::default() };
        let config = ConnectorsConfig { egress, ..ConnectorsConfig::default() };
        let payloads = std::sync::Arc::new(crate::memory::Payloads::default());
        let secrets = std::sync::Arc::new(crate::memory::Secrets::default());
        let passages = std::sync::Arc::new(lockgate_testkit::memory::MemoryPassages::default());
        let refused = Connectors::new(&config, payloads, passages, secrets).unwrap_err();
        assert!(refused.to_string().contains(&format!("`{entry}`")), "{refused}");
    }
}
