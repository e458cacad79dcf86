//! Deliveries by HTTP: what the receiver sees, and what its behaviour means.

use std::time::Duration;

use bytes::Bytes;
use lockgate_connectors::webhook::{VerifyingKey, verify};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, HttpForm, HttpOptions};
use lockgate_core::ports::Connector as _;
use rstest::rstest;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::io::AsyncWriteExt as _;

use crate::receiver::{Receiver, Script};
use crate::world::{SECRET, TRACE, World, is_failed, is_refused, plain};

#[tokio::test]
async fn the_receiver_gets_the_bytes_and_what_they_are() {
    let receiver = Receiver::start([Script::Status(201, Some(("location", "/in/7".to_owned())))]).await;
    let world = World::new();
    let bytes = Bytes::from(vec![7; 300_000]);
    let consigned = world.consigned(plain(receiver.url()), bytes.clone());
    let answer = world.connectors.deliver(&consigned).await.answer;
    assert_eq!(answer, Answer::Taken { receipt: "201 location=/in/7".to_owned() });
    let came = receiver.came().remove(0);
    assert!(came.body == bytes);
    let header = |name: &str| came.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/csv");
    assert_eq!(header("content-length"), "300000");
    assert_eq!(header("idempotency-key"), consigned.delivery.id.to_string());
    assert_eq!(header("lockgate-transfer"), consigned.transfer.to_string());
    assert_eq!(header("lockgate-sender"), "acme");
    assert_eq!(header("traceparent"), TRACE);
    assert_eq!(header("digest"), format!("sha-256={}", base64(&consigned.payload.digest.0)));
    assert_eq!(header("repr-digest"), format!("sha-256=:{}:", base64(&consigned.payload.digest.0)));
    assert!(header("content-disposition").contains("filename*=UTF-8''Rechnung%20%C3%BC%208.csv"));
    assert!(came.headers.get("webhook-signature").is_none() && came.headers.get("authorization").is_none());
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn a_signature_covers_the_digest_of_the_body() {
    let receiver = Receiver::start([]).await;
    let world = World::new();
    let endpoint = Endpoint::Http {
        url: receiver.url(),
        signing_secret: Some("signing".to_owned()),
        bearer_secret: None,
        options: HttpOptions::default(),
    };
    let consigned = world.consigned(endpoint, "a,b\n1,2\n");
    assert!(matches!(world.connectors.deliver(&consigned).await.answer, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    assert_eq!(came.headers["webhook-id"].to_str().unwrap(), consigned.delivery.id.to_string());
    // As a receiver does it: hash what came, and verify that.
    let content = format!("sha256={}", lockgate_core::digest::Digest::of(&came.body).hex());
    let (secret, now) = (VerifyingKey::parse(SECRET).unwrap(), OffsetDateTime::now_utc());
    let minute = Duration::from_secs(60);
    assert_eq!(verify(&secret, &came.headers, content.as_bytes(), now, minute), Ok(()));
    assert!(verify(&secret, &came.headers, b"sha256=00", now, minute).is_err());
}

#[tokio::test]
async fn while_a_secret_is_rotated_either_one_verifies() {
    const FORMER: &str = "whsec_Zm9ybWVyLXNlY3JldC1vZi10aGUtd2ViaG9vaw==";
    let receiver = Receiver::start([]).await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("former signing".to_owned(), FORMER.to_owned());
    let endpoint = Endpoint::Http {
        url: receiver.url(),
        signing_secret: Some("signing".to_owned()),
        bearer_secret: None,
        options: HttpOptions::default(),
    };
    assert!(matches!(world.deliver(endpoint, "a,b\n1,2\n").await, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    let content = format!("sha256={}", lockgate_core::digest::Digest::of(&came.body).hex());
    let (now, minute) = (OffsetDateTime::now_utc(), Duration::from_secs(60));
    for secret in [SECRET, FORMER] {
        let secret = VerifyingKey::parse(secret).unwrap();
        assert_eq!(verify(&secret, &came.headers, content.as_bytes(), now, minute), Ok(()));
    }
    assert_eq!(came.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
}

#[tokio::test]
async fn a_bearer_secret_is_sent_and_never_told() {
    let receiver = Receiver::start([Script::Status(500, None)]).await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("token".to_owned(), "s3cr3t-value".to_owned());
    let endpoint = Endpoint::Http {
        url: receiver.url(),
        signing_secret: None,
        bearer_secret: Some("token".to_owned()),
        options: HttpOptions::default(),
    };
    let answer = world.deliver(endpoint, "x").await;
    assert_eq!(receiver.came()[0].headers["authorization"], "Bearer s3cr3t-value");
    assert!(is_failed(&answer) && !format!("{answer:?}").contains("s3cr3t"), "{answer:?}");
}

#[rstest]
#[case::bearer(None, Some("nothing"))]
#[case::signing(Some("nothing"), None)]
#[case::not_a_signing_secret(Some("token"), None)]
#[tokio::test]
async fn a_missing_or_malformed_secret_is_named_before_anything_is_sent(
    #[case] signing: Option<&str>,
    #[case] bearer: Option<&str>,
) {
    let receiver = Receiver::start([]).await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("token".to_owned(), "s3cr3t-value".to_owned());
    let endpoint = Endpoint::Http {
        url: receiver.url(),
        signing_secret: signing.map(str::to_owned),
        bearer_secret: bearer.map(str::to_owned),
        options: HttpOptions::default(),
    };
    let answer = world.deliver(endpoint, "x").await;
    assert!(is_refused(&answer), "{answer:?}");
    let text = format!("{answer:?}");
    assert!(text.contains(signing.or(bearer).unwrap()) && !text.contains("s3cr3t"), "{text}");
    assert_eq!(receiver.begun(), 0);
}

#[tokio::test]
async fn a_receiver_that_fails_twice_sees_the_same_key_three_times() {
    let receiver = Receiver::start([Script::Status(503, None), Script::Status(500, None)]).await;
    let world = World::new();
    let consigned = world.consigned(plain(receiver.url()), "x");
    let mut taken = vec![];
    for _ in 0..3 {
        taken.push(matches!(world.connectors.deliver(&consigned).await.answer, Answer::Taken { .. }));
    }
    assert_eq!(taken, [false, false, true]);
    let keys: Vec<_> = receiver.came().iter().map(|came| came.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[tokio::test]
async fn a_receiver_that_is_gone_disables_its_destination() {
    let receiver = Receiver::start([Script::Status(410, None)]).await;
    let answer = World::new().deliver(plain(receiver.url()), "x").await;
    assert!(matches!(answer, Answer::Refused { disable: true, .. }), "{answer:?}");
}

#[tokio::test]
async fn a_receiver_may_ask_to_come_back_later() {
    let receiver = Receiver::start([Script::Status(429, Some(("retry-after", "90".to_owned())))]).await;
    let answer = World::new().deliver(plain(receiver.url()), "x").await;
    let Answer::Failed { retry_after, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(90)));
}

#[rstest]
#[case::never_answers(Script::Silence, 10)]
#[case::takes_no_bytes(Script::Deaf, 32 * 1024 * 1024)]
#[tokio::test]
async fn a_receiver_that_hangs_is_given_up(#[case] script: Script, #[case] size: usize) {
    let receiver = Receiver::start([script]).await;
    let answer = World::new().deliver(plain(receiver.url()), vec![0; size]).await;
    assert!(is_failed(&answer), "{answer:?}");
    assert_eq!(receiver.begun(), 1);
}

#[tokio::test]
async fn an_endless_answer_costs_neither_memory_nor_the_delivery() {
    let receiver = Receiver::start([Script::Endless]).await;
    let answer = World::new().deliver(plain(receiver.url()), "x").await;
    assert_eq!(answer, Answer::Taken { receipt: "200".to_owned() });
}

#[rstest]
fn redirects_lead_nowhere(#[values(301, 302, 303, 307, 308)] status: u16) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let other = Receiver::start([]).await;
        let receiver = Receiver::start([Script::Status(status, Some(("location", other.url())))]).await;
        let answer = World::new().deliver(plain(receiver.url()), "x").await;
        assert!(is_failed(&answer), "{answer:?}");
        assert_eq!((receiver.begun(), other.begun()), (1, 0));
    });
}

#[tokio::test]
async fn corrupt_bytes_never_arrive_as_a_whole_request() {
    let receiver = Receiver::start([]).await;
    let world = World::new();
    *world.payloads.broken.lock().unwrap() = true;
    let answer = world.deliver(plain(receiver.url()), vec![0; 200_000]).await;
    // Not the receiver's fault: its breaker has nothing to do with it.
    assert!(matches!(answer, Answer::Failed { cause: Cause::OurTrouble, .. }), "{answer:?}");
    assert!(format!("{answer:?}").contains("corrupt"), "{answer:?}");
    assert!(receiver.came().is_empty());
}

#[tokio::test]
async fn a_store_of_ours_that_says_nothing_is_not_the_receivers_idling() {
    let receiver = Receiver::start([]).await;
    let world = World::new();
    *world.payloads.silent.lock().unwrap() = true;
    let answer = world.deliver(plain(receiver.url()), vec![0; 200_000]).await;
    assert!(matches!(answer, Answer::Failed { cause: Cause::OurTrouble, .. }), "{answer:?}");
    assert!(receiver.came().is_empty());
}

#[tokio::test]
async fn an_empty_payload_is_delivered() {
    let receiver = Receiver::start([]).await;
    assert!(matches!(World::new().deliver(plain(receiver.url()), "").await, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    assert!(came.body.is_empty());
    assert_eq!(came.headers["content-length"], "0");
}

#[tokio::test]
async fn nobody_there_is_worth_another_try() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let answer = World::new().deliver(plain(format!("http://{gone}/")), "x").await;
    assert!(is_failed(&answer), "{answer:?}");
}

#[tokio::test]
async fn a_form_holds_the_payload_as_a_file_after_what_it_is() {
    let receiver = Receiver::start([]).await;
    let world = World::new();
    let options = HttpOptions { form: HttpForm::Multipart, ..HttpOptions::default() };
    let consigned = world.consigned(with(receiver.url(), options), "a,b\n1,2\n");
    assert!(matches!(world.connectors.deliver(&consigned).await.answer, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    let kind = came.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = String::from_utf8(came.body.to_vec()).unwrap();
    assert_eq!(came.headers["content-length"].to_str().unwrap(), body.len().to_string());
    let parts: Vec<_> = body.split(&format!("--{boundary}")).collect();
    assert_eq!((parts.len(), parts[0], parts[3]), (4, "", "--\r\n"), "{body}");
    let metadata: serde_json::Value = serde_json::from_str(parts[1].split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(metadata["sha256"], consigned.payload.digest.hex());
    assert_eq!(metadata["delivery"], consigned.delivery.key());
    assert!(parts[2].contains("name=\"file\"; filename="), "{body}");
    assert!(parts[2].ends_with("content-type: text/csv\r\n\r\na,b\n1,2\n\r\n"), "{body}");
}

#[tokio::test]
async fn a_cloud_event_has_the_key_as_its_id_and_the_payload_as_its_data() {
    let receiver = Receiver::start([]).await;
    let world = World::new();
    let options = HttpOptions { form: HttpForm::CloudEvent, ..HttpOptions::default() };
    let mut consigned = world.consigned(with(receiver.url(), options), "a,b\n1,2\n");
    consigned.delivery.generation = 2;
    consigned.delivery.created_at = datetime!(2026-11-06 08:49:37 UTC);
    assert!(matches!(world.connectors.deliver(&consigned).await.answer, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    let header = |name: &str| came.headers[name].to_str().unwrap().to_owned();
    assert_eq!((header("ce-specversion"), header("ce-source")), ("1.0".to_owned(), "/partners/acme".to_owned()));
    assert_eq!(header("ce-id"), format!("{}-2", consigned.delivery.id), "other bytes, another id");
    assert_eq!((header("ce-id"), header("content-type")), (header("idempotency-key"), "text/csv".to_owned()));
    assert_eq!(header("ce-time"), "2026-11-06T08:49:37Z", "the same over all attempts, as the id is");
    assert_eq!(header("lockgate-file-name"), "Rechnung%20%C3%BC%208.csv");
    assert_eq!(came.body, "a,b\n1,2\n");
}

#[tokio::test]
async fn the_head_of_a_refusal_is_kept_and_its_body_is_not() {
    let receiver = Receiver::start([Script::Status(422, Some(("x-request-id", "r-7".to_owned())))]).await;
    let answer = World::new().deliver(plain(receiver.url()), "x").await;
    let Answer::Refused { cause, response: Some(response), .. } = answer else { panic!("{answer:?}") };
    assert_eq!((cause, response.status), (Cause::Refused, 422));
    assert!(response.headers.contains(&("x-request-id".to_owned(), "r-7".to_owned())), "{response:?}");
}

#[rstest]
#[case::unavailable(503, Cause::ServerError)]
#[case::throttled(429, Cause::Throttled)]
#[case::unauthorized(401, Cause::Unauthorized)]
#[case::gone(410, Cause::Gone)]
#[tokio::test]
async fn a_status_has_its_cause(#[case] status: u16, #[case] wanted: Cause) {
    let receiver = Receiver::start([Script::Status(status, None)]).await;
    let answer = World::new().deliver(plain(receiver.url()), "x").await;
    let (Answer::Failed { cause, .. } | Answer::Refused { cause, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(cause, wanted);
}

#[tokio::test]
async fn an_answer_that_drips_in_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/inbox", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        // A head that never ends, one byte at a time.
        for byte in b"HTTP/1.1 200 OK\r\nx: ".iter().chain(std::iter::repeat(&b'y')) {
            ticks.tick().await;
            if socket.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    });
    let answer = World::new().deliver(plain(url), "x").await;
    assert!(matches!(answer, Answer::Failed { cause: Cause::TimedOut, .. }), "{answer:?}");
}

fn with(url: String, options: HttpOptions) -> Endpoint {
    Endpoint::Http { url, signing_secret: None, bearer_secret: None, options }
}
