//! What the gate says of names, ports and brokers; it decides here and nothing is connected to.

use std::collections::VecDeque;
use std::io;
use std::sync::Mutex;

use async_trait::async_trait;
use rstest::rstest;

use super::*;

/// Gives one answer after the other, as a name server in bad hands does.
#[derive(Debug)]
struct ChangingNames(Mutex<VecDeque<Vec<IpAddr>>>);

#[async_trait]
impl Names for ChangingNames {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.lock().expect("not poisoned").pop_front().unwrap_or_default())
    }
}

fn gate(allow: &[&str], ports: &[u16], answers: &[&[&str]]) -> Gate {
    let parsed = |answer: &&[&str]| answer.iter().map(|it| it.parse().expect("an address")).collect();
    let names = Arc::new(ChangingNames(Mutex::new(answers.iter().map(parsed).collect())));
    let allow = allow.iter().map(|&it| it.to_owned()).collect();
    let config = EgressConfig { allow, ports: ports.to_vec(), ..EgressConfig::default() };
    Gate::new(&config, names).expect("the list is sound")
}

fn denial(outcome: Result<Vec<IpAddr>, GateError>) -> Denied {
    match outcome {
        Err(GateError::Denied(denied)) => denied,
        other => panic!("not denied: {other:?}"),
    }
}

#[tokio::test]
async fn a_name_that_turns_from_public_to_loopback_is_denied_the_second_time() {
    let gate = gate(&[], &[443], &[&["93.184.215.14"], &["127.0.0.1"]]);
    let first = gate.addresses("rebind.example", 443).await.expect("a public address");
    assert_eq!(first, ["93.184.215.14".parse::<IpAddr>().expect("an address")]);
    let second = denial(gate.addresses("rebind.example", 443).await);
    let Denied::NotPublic { host, address, network } = &second else { panic!("{second:?}") };
    assert_eq!((host.as_str(), *network), ("rebind.example", "loopback, 127.0.0.0/8"));
    assert!(address.is_loopback());
    assert!(!second.to_string().contains("127."), "partners do not learn what a name leads to: {second}");
}

#[rstest]
#[case(&["10.0.0.5"], "private, 10.0.0.0/8")]
#[case(&["::ffff:169.254.169.254"], "link-local and cloud metadata, 169.254.0.0/16")]
#[case(&["fd00:ec2::254"], "unique local, fc00::/7")]
#[case(&["64:ff9b::a9fe:a9fe"], "NAT64, 64:ff9b::/96")]
#[case(&["64:ff9b:1::1"], "local NAT64, 64:ff9b:1::/48")]
#[case(&["2002:7f00:1::"], "6to4, 2002::/16")]
#[case(&["2001:0:53aa:64c::"], "Teredo, 2001::/32")]
#[case(&["100.64.0.1"], "carrier-grade NAT, 100.64.0.0/10")]
#[case(&["198.19.0.1"], "benchmarking, 198.18.0.0/15")]
#[case(&["::7f00:1"], "unspecified or IPv4-compatible, ::/96")]
#[case(&["::1"], "loopback, ::1")]
#[case(&["fe80::1"], "link-local, fe80::/10")]
#[case(&["fec0::1"], "site-local, fec0::/10")]
#[case(&["ff02::1"], "multicast, ff00::/8")]
#[case(&["5f00::1"], "outside of IPv6's global addresses, 2000::/3")]
#[case(&["192.168.0.1", "10.0.0.1"], "private, 192.168.0.0/16")]
#[tokio::test]
async fn a_denial_names_the_network_that_a_name_leads_to(#[case] answer: &[&str], #[case] expected: &str) {
    let denied = denial(gate(&[], &[443], &[answer]).addresses("inside.example", 443).await);
    assert!(matches!(denied, Denied::NotPublic { network, .. } if network == expected), "{denied:?}");
}

#[tokio::test]
async fn of_mixed_answers_only_the_public_addresses_are_left() {
    let gate = gate(&[], &[443], &[&["10.0.0.1", "93.184.215.14", "::1", "::ffff:8.8.8.8"]]);
    let open = gate.addresses("mixed.example", 443).await.expect("two are public");
    assert_eq!(open, ["93.184.215.14", "8.8.8.8"].map(|it| it.parse::<IpAddr>().expect("an address")));
}

#[rstest]
#[case::the_allowed_one_first(&["10.1.0.1", "93.184.215.14"])]
#[case::the_allowed_one_last(&["93.184.215.14", "10.1.0.1"])]
#[tokio::test]
async fn a_port_that_is_open_for_one_address_is_not_so_for_the_others(#[case] answer: &[&str]) {
    let gate = gate(&["10.1.0.0/16"], &[443], &[answer]);
    let reached = gate.addresses("mixed.example", 9999).await.expect("one is allowed on all ports");
    assert_eq!(reached, ["10.1.0.1".parse::<IpAddr>().expect("an address")]);
}

#[tokio::test]
async fn a_port_that_is_open_for_no_address_is_denied() {
    let denied = denial(gate(&[], &[443], &[&["93.184.215.14"]]).addresses("public.example", 22).await);
    assert!(matches!(denied, Denied::Port { port: 22, .. }), "{denied:?}");
}

#[rstest]
#[case(&["*.inside.example"], "a.inside.example", true)]
#[case(&["*.inside.example"], "A.B.Inside.Example.", true)]
#[case(&["*.inside.example"], "inside.example", false)]
#[case(&["*.inside.example"], "evilinside.example", false)]
#[case(&["inside.example"], "a.inside.example", false)]
#[tokio::test]
async fn a_domain_in_the_allow_list_stands_for_the_names_below_it(
    #[case] allow: &[&str],
    #[case] host: &str,
    #[case] reached: bool,
) {
    let gate = gate(allow, &[443], &[&["10.0.0.1"]]);
    assert_eq!(gate.addresses(host, 9999).await.is_ok(), reached);
}

#[rstest]
#[case(&[], "93.184.215.14", false)]
#[case(&[], "broker.example", false)]
#[case(&["10.1.0.0/16"], "10.1.2.3", true)]
#[case(&["10.1.0.0/16"], "::ffff:10.1.2.3", true)]
#[case(&["10.1.0.0/16"], "10.2.2.3", false)]
#[case(&["10.1.0.0/16"], "broker.example", false)]
#[case(&["broker.example"], "broker.example", true)]
#[case(&["broker.example"], "other.example", false)]
#[case(&["*.kafka.example"], "b-1.kafka.example", true)]
#[case(&["127.0.0.0/8"], "2130706433", false)]
#[case(&["127.0.0.0/8"], "SASL_SSL://127.0.0.1", false)]
fn a_broker_is_reached_only_if_the_list_has_it(#[case] allow: &[&str], #[case] host: &str, #[case] reached: bool) {
    assert_eq!(gate(allow, &[9092], &[]).broker(host, 9092).is_ok(), reached);
}
