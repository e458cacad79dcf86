//! What a producer heard of its brokers is told to those who were sending then, and to nobody who comes later.

use lockgate_core::delivery::Cause;
use rdkafka::ClientContext as _;
use rstest::rstest;

use super::*;
use crate::config::EgressConfig;
use crate::egress::Network;

/// Nobody listens there; nothing is sent either.
const NOBODY: &str = "127.0.0.1:1";

fn producers() -> Producers {
    let gate = Gate::new(&EgressConfig::default(), Network::default().names).expect("the list is sound");
    Producers::new(Arc::new(gate))
}

fn refuses(producer: &Producer, code: RDKafkaErrorCode) {
    producer.heard.error(KafkaError::Global(code), "as planned");
}

#[rstest]
#[case::of_the_login(RDKafkaErrorCode::Authentication)]
#[case::of_tls(RDKafkaErrorCode::SSL)]
#[test]
fn an_old_refusal_is_not_handed_out_for_a_later_record(#[case] code: RDKafkaErrorCode) {
    let (producers, properties) = (producers(), BTreeMap::new());
    let brokers = Brokers { bootstrap: NOBODY, properties: &properties };
    let earlier = producers.own(&brokers).expect("a producer");
    refuses(&earlier, code);
    let later = producers.own(&brokers).expect("the same producer");
    assert_eq!(later.heard.refusal(), None);
    refuses(&earlier, code);
    assert!(later.heard.refusal().is_some(), "the same producer is refused again while the later record is under way");
}

#[test]
fn all_who_are_sending_hear_of_a_refused_login_though_others_begin_meanwhile() {
    let (producers, properties) = (producers(), BTreeMap::new());
    let brokers = Brokers { bootstrap: NOBODY, properties: &properties };
    let sending = [(); 2].map(|()| producers.own(&brokers).expect("a producer"));
    refuses(&sending[0], RDKafkaErrorCode::Authentication);
    producers.own(&brokers).expect("the same producer");
    for producer in sending {
        let answer = producer.heard.refusal();
        assert!(matches!(answer, Some(Answer::Refused { cause: Cause::Unauthorized, .. })), "{answer:?}");
    }
}
