//! Deliveries to a real Kafka behind TLS and logins: who is let in, who is believed, and what a refusal says.

use lockgate_connectors::{BrokerLogin, BrokerSecurity, BrokerTls, ConnectorsConfig, InstallationKafka};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, KafkaMechanism, KafkaOptions, KafkaSasl, KafkaTls};
use lockgate_testkit::services::{SecuredKafka, services};
use rdkafka::Message as _;
use rstest::rstest;

use crate::kafka::{only_record, topic};
use crate::world::{World, config, is_failed, is_refused};

async fn world() -> (World, &'static SecuredKafka) {
    let (world, kafka) = (World::new(), &services().await.kafka_secured);
    let mut secrets = world.secrets.0.lock().unwrap();
    secrets.insert("password".to_owned(), kafka.password.clone());
    secrets.insert("wrong".to_owned(), "hunter2".to_owned());
    secrets.insert("authority".to_owned(), kafka.authority.clone());
    secrets.insert("client".to_owned(), kafka.client.clone());
    drop(secrets);
    (world, kafka)
}

fn tls(client: Option<&str>) -> KafkaTls {
    KafkaTls { ca_secret: Some("authority".to_owned()), client_secret: client.map(str::to_owned) }
}

fn login(kafka: &SecuredKafka, mechanism: KafkaMechanism, secret: &str) -> KafkaSasl {
    KafkaSasl { mechanism, user: kafka.user.clone(), password_secret: secret.to_owned() }
}

fn to(topic: &str, brokers: &str, tls: Option<KafkaTls>, sasl: Option<KafkaSasl>) -> Endpoint {
    let options = KafkaOptions { tls, sasl, ..KafkaOptions::default() };
    Endpoint::Kafka { topic: topic.to_owned(), brokers: Some(brokers.to_owned()), options }
}

#[rstest]
#[tokio::test]
async fn a_login_by_each_mechanism_delivers_with_and_without_tls(
    #[values(KafkaMechanism::Plain, KafkaMechanism::ScramSha256, KafkaMechanism::ScramSha512)]
    mechanism: KafkaMechanism,
    #[values(true, false)] encrypted: bool,
) {
    let (topic, (world, kafka)) = (topic().await, world().await);
    let brokers = if encrypted { &kafka.sasl_tls } else { &kafka.sasl };
    let sasl = login(kafka, mechanism, "password");
    let answer = world.deliver(to(&topic, brokers, encrypted.then(|| tls(None)), Some(sasl)), "the payload").await;
    assert_eq!(answer, Answer::Taken { receipt: format!("{topic}-0-0") });
    assert_eq!(only_record(&topic).await.payload(), Some(&b"the payload"[..]));
}

#[tokio::test]
async fn brokers_that_ask_for_our_certificate_get_it() {
    let (topic, (world, kafka)) = (topic().await, world().await);
    let answer = world.deliver(to(&topic, &kafka.tls, Some(tls(Some("client"))), None), "x").await;
    assert_eq!(answer, Answer::Taken { receipt: format!("{topic}-0-0") });
}

#[rstest]
#[case::of_plain(KafkaMechanism::Plain)]
#[case::of_scram(KafkaMechanism::ScramSha256)]
#[tokio::test]
async fn a_wrong_password_is_refused_for_good_and_not_shown(#[case] mechanism: KafkaMechanism) {
    let (world, kafka) = world().await;
    let sasl = login(kafka, mechanism, "wrong");
    let answer = world.deliver(to("inbox", &kafka.sasl_tls, Some(tls(None)), Some(sasl)), "x").await;
    assert!(matches!(answer, Answer::Refused { cause: Cause::Unauthorized, disable: false, .. }), "{answer:?}");
    assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
}

#[tokio::test]
async fn brokers_of_an_authority_that_we_do_not_believe_get_neither_login_nor_payload() {
    let (world, kafka) = world().await;
    let public = KafkaTls::default();
    let sasl = login(kafka, KafkaMechanism::Plain, "password");
    let answer = world.deliver(to("inbox", &kafka.sasl_tls, Some(public), Some(sasl)), "x").await;
    assert!(is_failed(&answer) && format!("{answer:?}").contains("certificate"), "{answer:?}");
}

#[tokio::test]
async fn without_our_certificate_brokers_that_ask_for_it_take_nothing() {
    let (world, kafka) = world().await;
    let answer = world.deliver(to("inbox", &kafka.tls, Some(tls(None)), None), "x").await;
    assert!(is_failed(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_secret_that_is_no_certificate_is_named_and_not_shown() {
    let (world, kafka) = world().await;
    let nonsense = KafkaTls { ca_secret: Some("wrong".to_owned()), client_secret: None };
    let answer = world.deliver(to("inbox", &kafka.tls, Some(nonsense), None), "x").await;
    assert!(is_refused(&answer) && !format!("{answer:?}").contains("hunter2"), "{answer:?}");
}

#[tokio::test]
async fn one_partners_login_serves_nobody_else() {
    let (topic, (world, kafka)) = (topic().await, world().await);
    let good = login(kafka, KafkaMechanism::Plain, "password");
    let first = world.deliver(to(&topic, &kafka.sasl, None, Some(good)), "x").await;
    assert!(matches!(first, Answer::Taken { .. }), "{first:?}");
    for sasl in [None, Some(login(kafka, KafkaMechanism::Plain, "wrong"))] {
        let answer = world.deliver(to(&topic, &kafka.sasl, None, sasl), "x").await;
        assert!(!matches!(answer, Answer::Taken { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn the_installations_own_kafka_is_spoken_to_as_its_settings_say() {
    let (topic, kafka) = (topic().await, &services().await.kafka_secured);
    let security = BrokerSecurity {
        tls: Some(BrokerTls { authorities: Some(kafka.authority.clone()), client: None }),
        login: Some(BrokerLogin {
            mechanism: KafkaMechanism::ScramSha512,
            user: kafka.user.clone(),
            password: kafka.password.clone(),
        }),
    };
    let own = InstallationKafka {
        brokers: kafka.sasl_tls.clone(),
        topic_prefix: "lockgate.".to_owned(),
        properties: security.properties().unwrap(),
    };
    let world = World::with(&ConnectorsConfig { kafka: Some(own), ..config() });
    let endpoint = Endpoint::Kafka { topic: topic.clone(), brokers: None, options: KafkaOptions::default() };
    assert_eq!(world.deliver(endpoint, "x").await, Answer::Taken { receipt: format!("{topic}-0-0") });
}
