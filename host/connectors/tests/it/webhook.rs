//! Notifications by webhook: signed, named, and checked as their receiver would.

use std::time::Duration;

use lockgate_connectors::ConnectorsConfig;
use lockgate_connectors::webhook::{VerifyingKey, verify};
use lockgate_core::delivery::Answer;
use lockgate_core::id::{ChannelId, NotificationId, PartnerId, TransferId};
use lockgate_core::notification::{Channel, ChannelHealth, ChannelKind, Message};
use lockgate_core::ports::{Messenger as _, Notice, SecretBytes, Signing as _};
use lockgate_core::trace::TraceContext;
use rstest::rstest;
use time::OffsetDateTime;

use crate::receiver::{Receiver, Script};
use crate::world::{SECRET, TRACE, World, config, is_failed};

fn notice(url: String, text: &str) -> Notice {
    let at = OffsetDateTime::now_utc();
    Notice {
        notification: NotificationId::generate(at),
        index: 2,
        event: "transfer.rejected",
        transfer: TransferId::generate(at),
        channel: Channel {
            id: ChannelId::generate(at),
            partner: PartnerId::generate(at),
            name: "ops".to_owned(),
            kind: ChannelKind::Webhook { url, signing_secret: "signing".to_owned() },
            events: vec![],
            enabled: true,
            health: ChannelHealth::default(),
            created_at: at,
        },
        message: Message {
            channel: "ops".to_owned(),
            title: "Rejected".to_owned(),
            media_type: "text/plain".to_owned(),
            text: text.to_owned(),
        },
        happened_at: at,
        at,
        trace: TraceContext(Some(TRACE.to_owned())),
    }
}

#[tokio::test]
async fn the_receiver_can_verify_what_came() {
    let receiver = Receiver::start([Script::Status(204, None)]).await;
    let notice = notice(receiver.url(), "line 3");
    let answer = World::new().connectors.send(&notice).await;
    assert_eq!(answer, Answer::Taken { receipt: "204".to_owned() });
    let came = receiver.came().remove(0);
    let (secret, now) = (VerifyingKey::parse(SECRET).unwrap(), OffsetDateTime::now_utc());
    let minute = Duration::from_secs(60);
    assert_eq!(verify(&secret, &came.headers, &came.body, now, minute), Ok(()));
    assert_eq!(came.headers["webhook-id"].to_str().unwrap(), format!("{}_2", notice.notification));
    assert_eq!(came.headers["content-type"], "application/json");
    assert_eq!(came.headers["traceparent"], TRACE);
    let body: serde_json::Value = serde_json::from_slice(&came.body).unwrap();
    assert_eq!(body["type"], "transfer.rejected");
    assert_eq!(body["data"]["text"], "line 3");
}

#[tokio::test]
async fn while_a_secret_is_rotated_either_one_verifies() {
    const FORMER: &str = "whsec_Zm9ybWVyLXNlY3JldC1vZi10aGUtd2ViaG9vaw==";
    let receiver = Receiver::start([Script::Status(204, None)]).await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("former signing".to_owned(), FORMER.to_owned());
    assert!(matches!(world.connectors.send(&notice(receiver.url(), "x")).await, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    let (now, minute) = (OffsetDateTime::now_utc(), Duration::from_secs(60));
    for secret in [SECRET, FORMER] {
        let secret = VerifyingKey::parse(secret).unwrap();
        assert_eq!(verify(&secret, &came.headers, &came.body, now, minute), Ok(()));
    }
    assert_eq!(came.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
}

#[tokio::test]
async fn attempts_keep_the_id_and_renew_the_time() {
    let receiver = Receiver::start([Script::Status(500, None)]).await;
    let world = World::new();
    let mut notice = notice(receiver.url(), "x");
    assert!(matches!(world.connectors.send(&notice).await, Answer::Failed { .. }));
    notice.at += time::Duration::seconds(5);
    assert!(matches!(world.connectors.send(&notice).await, Answer::Taken { .. }));
    let came = receiver.came();
    assert_eq!(came[0].headers["webhook-id"], came[1].headers["webhook-id"]);
    assert_ne!(came[0].headers["webhook-timestamp"], came[1].headers["webhook-timestamp"]);
    assert_eq!(came[0].body, came[1].body, "it says when it happened");
}

#[tokio::test]
async fn a_channel_that_is_gone_is_disabled() {
    let receiver = Receiver::start([Script::Status(410, None)]).await;
    let answer = World::new().connectors.send(&notice(receiver.url(), "x")).await;
    assert!(matches!(answer, Answer::Refused { disable: true, .. }), "{answer:?}");
}

#[rstest]
#[tokio::test]
async fn a_refusal_is_tried_again_by_the_schedule(#[values(301, 400, 401, 403, 404, 413, 422)] status: u16) {
    let receiver = Receiver::start([Script::Status(status, None)]).await;
    let answer = World::new().connectors.send(&notice(receiver.url(), "x")).await;
    assert!(is_failed(&answer), "{answer:?}");
}

#[tokio::test]
async fn an_oversized_message_is_cut_and_says_so() {
    let receiver = Receiver::start([]).await;
    let world = World::with(&ConnectorsConfig { public_url: Some("https://gate.example/".to_owned()), ..config() });
    let notice = notice(receiver.url(), &"x".repeat(30_000));
    let answer = world.connectors.send(&notice).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    let came = receiver.came().remove(0);
    assert!(came.body.len() < 20_000, "{}", came.body.len());
    let body: serde_json::Value = serde_json::from_slice(&came.body).unwrap();
    assert_eq!(body["data"]["cut"], true);
    assert_eq!(body["data"]["url"], format!("https://gate.example/transfers/{}/payload", notice.transfer));
}

#[tokio::test]
async fn a_secret_that_cannot_sign_is_told_apart_without_being_repeated() {
    let world = World::new();
    let check = |secret: &str| world.connectors.check(&SecretBytes::new(secret.as_bytes().to_vec()));
    assert_eq!((check(SECRET), check(&format!("{SECRET} {SECRET}"))), (Ok(()), Ok(())));
    let unfit = check("whsec_pa$$word").expect_err("it is no key");
    assert!(unfit.why.contains("base64") && !unfit.why.contains("word"), "{unfit:?}");
}

#[rstest]
#[case::a_shared_key("whsec_pa$$word", true)]
#[case::a_private_key("whsk_pa$$word", true)]
#[case::a_key_and_something_else("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw hunter2", true)]
#[case::a_password("hunter2", false)]
#[tokio::test]
async fn what_is_written_as_a_key_was_meant_to_sign(#[case] secret: &str, #[case] meant: bool) {
    let unfit = World::new().connectors.check(&SecretBytes::new(secret.as_bytes().to_vec()));
    assert_eq!(unfit.expect_err("it cannot sign").meant, meant);
}

#[tokio::test]
async fn a_former_secret_that_cannot_sign_stops_no_message() {
    let receiver = Receiver::start([Script::Status(204, None)]).await;
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("former signing".to_owned(), "hunter2".to_owned());
    assert!(matches!(world.connectors.send(&notice(receiver.url(), "x")).await, Answer::Taken { .. }));
    let came = receiver.came().remove(0);
    let (key, now) = (VerifyingKey::parse(SECRET).unwrap(), OffsetDateTime::now_utc());
    assert_eq!(verify(&key, &came.headers, &came.body, now, Duration::from_secs(60)), Ok(()));
}
