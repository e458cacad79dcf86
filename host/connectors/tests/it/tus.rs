//! Deliveries by tus: in checked pieces, gone on with by another host, and never led elsewhere.

use std::collections::BTreeMap;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::destination::{Endpoint, HttpOptions, HttpTus};
use lockgate_core::ports::{Connector as _, Consigned, Handover, PassageStore as _};
use rstest::rstest;

use crate::receiver::{Receiver, Script};
use crate::tus_server::TusServer;
use crate::world::{World, is_failed, is_refused};

const CHUNK: usize = 8 * 1024 * 1024;

fn to(url: &str) -> Endpoint {
    let metadata = BTreeMap::from([("to".to_owned(), "{sender}-inbox".to_owned())]);
    let options = HttpOptions { tus: Some(HttpTus { metadata }), ..HttpOptions::default() };
    let bearer_secret = Some("token".to_owned());
    Endpoint::Http { url: url.to_owned(), signing_secret: Some("signing".to_owned()), bearer_secret, options }
}

fn world() -> World {
    let world = World::new();
    world.secrets.0.lock().unwrap().insert("token".to_owned(), "let-me-in".to_owned());
    world
}

fn pattern(size: usize) -> Bytes {
    (0..=250u8).cycle().take(size).collect::<Vec<_>>().into()
}

/// The same delivery, claimed anew.
fn again(consigned: &Consigned) -> Consigned {
    let mut again = consigned.clone();
    again.delivery.version += 1;
    again.delivery.attempts += 1;
    again
}

#[rstest]
#[case::nothing(0, 0)]
#[case::little(10, 1)]
#[case::one_piece(CHUNK, 1)]
#[case::three_pieces(2 * CHUNK + 7, 3)]
#[tokio::test]
async fn a_payload_comes_in_checked_pieces_with_what_it_is(#[case] size: usize, #[case] pieces: usize) {
    let (world, server) = (world(), TusServer::start().await);
    let consigned = world.consigned(to(&server.url), pattern(size));
    let Handover { answer, from_offset } = world.connectors.deliver(&consigned).await;
    let receipt = format!("204 location={}/0", server.url);
    assert_eq!((answer, from_offset), (Answer::Taken { receipt }, None));
    let upload = server.uploads().remove(0);
    assert!(upload.bytes == pattern(size));
    assert_eq!(server.seen(&Method::PATCH), pieces);
    let header = |name: &str| upload.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("authorization"), "Bearer let-me-in");
    assert_eq!(header("idempotency-key"), consigned.delivery.key());
    assert!(header("webhook-signature").starts_with("v1,"));
    let metadata = header("upload-metadata");
    for (name, value) in [("filename", "Rechnung ü 8.csv"), ("filetype", "text/csv"), ("to", "acme-inbox")] {
        assert!(metadata.contains(&format!("{name} {}", STANDARD.encode(value))), "{metadata}");
    }
    assert!(world.passages.kept().is_empty(), "nothing is left to clear");
}

#[tokio::test]
async fn while_a_secret_is_rotated_the_creation_carries_both_signatures() {
    const FORMER: &str = "whsec_Zm9ybWVyLXNlY3JldC1vZi10aGUtd2ViaG9vaw==";
    let (world, server) = (world(), TusServer::start().await);
    world.secrets.0.lock().unwrap().insert("former signing".to_owned(), FORMER.to_owned());
    assert!(matches!(world.deliver(to(&server.url), "x").await, Answer::Taken { .. }));
    let upload = server.uploads().remove(0);
    assert_eq!(upload.headers["webhook-signature"].to_str().unwrap().split(' ').count(), 2);
}

#[tokio::test]
async fn another_host_goes_on_at_the_byte_where_it_broke_off() {
    let (world, server) = (world(), TusServer::start().await);
    let first = world.consigned(to(&server.url), pattern(2 * CHUNK + 7));
    server.manner(|it| it.breaks_at = Some(CHUNK / 2));
    let broken = world.connectors.deliver(&first).await;
    assert!(is_failed(&broken.answer), "{broken:?}");

    let second = again(&first);
    let Handover { answer, from_offset } = world.another().connectors.deliver(&second).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(from_offset, Some(CHUNK as u64 / 2));
    assert!(server.uploads()[0].bytes == pattern(2 * CHUNK + 7));
    assert_eq!((server.seen(&Method::POST), server.taken()), (1, 2 * CHUNK + 7 + CHUNK / 2));
}

#[tokio::test]
async fn an_upload_that_the_receiver_lost_is_begun_anew_and_the_destination_stays() {
    let (world, server) = (world(), TusServer::start().await);
    let first = world.consigned(to(&server.url), pattern(CHUNK + 7));
    server.manner(|it| it.breaks_at = Some(10));
    assert!(is_failed(&world.connectors.deliver(&first).await.answer));
    server.loses_everything();
    let Handover { answer, from_offset } = world.connectors.deliver(&again(&first)).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!((from_offset, server.seen(&Method::POST)), (None, 2));
}

/// What tells that the key of a delivery was used before.
#[derive(Debug)]
enum Trace {
    Attempt,
    Redrive,
    Adoption,
    Passage,
}

#[rstest]
#[case::another_attempt(Trace::Attempt)]
#[case::a_redrive_that_counts_anew(Trace::Redrive)]
#[case::an_adoption(Trace::Adoption)]
#[case::what_an_uncounted_attempt_left(Trace::Passage)]
#[tokio::test]
async fn a_key_that_expired_at_the_receiver_costs_the_delivery_and_not_the_destination(#[case] trace: Trace) {
    let (world, server) = (world(), TusServer::start().await);
    let first = world.consigned(to(&server.url), pattern(CHUNK + 7));
    server.manner(|it| it.breaks_at = Some(10));
    assert!(is_failed(&world.connectors.deliver(&first).await.answer));
    server.expires_everything();
    let mut second = again(&first);
    second.delivery.attempts = 0;
    match trace {
        Trace::Attempt => second.delivery.attempts = 1,
        Trace::Redrive => second.delivery.last_error = Some("it was a dead letter".to_owned()),
        Trace::Adoption => second.delivery.adoptions = 1,
        Trace::Passage => {}
    }
    if !matches!(trace, Trace::Passage) {
        let (left, _) = world.passages.kept().remove(0);
        world.passages.forget_passage(left.id).await.unwrap();
    }
    let answer = world.connectors.deliver(&second).await.answer;
    let Answer::Refused { cause: Cause::Refused, disable: false, response, .. } = &answer else { panic!("{answer:?}") };
    assert_eq!(response.as_ref().map(|it| it.status), Some(410));
}

#[tokio::test]
async fn a_receiver_that_is_gone_for_a_fresh_key_is_disabled() {
    let receiver = Receiver::start([Script::Status(204, None), Script::Status(410, None)]).await;
    let answer = world().deliver(to(&receiver.url()), "x").await;
    assert!(matches!(answer, Answer::Refused { cause: Cause::Gone, disable: true, .. }), "{answer:?}");
}

#[tokio::test]
async fn a_creation_whose_answer_was_lost_leads_back_to_the_same_upload() {
    let (world, server) = (world(), TusServer::start().await);
    let first = world.consigned(to(&server.url), pattern(10));
    server.manner(|it| it.loses_creation = true);
    assert!(is_failed(&world.connectors.deliver(&first).await.answer));
    assert!(matches!(world.connectors.deliver(&again(&first)).await.answer, Answer::Taken { .. }));
    assert_eq!((server.seen(&Method::POST), server.uploads().len()), (2, 1));
}

#[tokio::test]
async fn other_bytes_never_follow_the_first_ones() {
    let (world, server) = (world(), TusServer::start().await);
    let first = world.consigned(to(&server.url), vec![1; CHUNK + 7]);
    server.manner(|it| it.breaks_at = Some(10));
    assert!(is_failed(&world.connectors.deliver(&first).await.answer));
    let mut second = again(&first);
    second.delivery.generation = 2;
    second.payload = world.consigned(to(&server.url), vec![2; CHUNK + 7]).payload;
    let Handover { answer, from_offset } = world.connectors.deliver(&second).await;
    assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
    assert_eq!(from_offset, None);
    assert!(server.uploads().iter().any(|it| it.bytes == vec![2; CHUNK + 7]));
    assert_eq!(world.passages.kept().len(), 1, "the first is left to be cleared");
}

#[tokio::test]
async fn an_upload_elsewhere_is_not_followed() {
    let (world, server) = (world(), TusServer::start().await);
    let port = server.url.split(':').nth(2).unwrap().to_owned();
    server.manner(|it| it.elsewhere = Some(format!("http://elsewhere.example:{port}")));
    let answer = world.deliver(to(&server.url), "x").await;
    assert!(matches!(answer, Answer::Refused { cause: Cause::NotAllowed, .. }), "{answer:?}");
    assert!(format!("{answer:?}").contains("elsewhere.example"), "{answer:?}");
    assert_eq!(server.seen(&Method::PATCH), 0);
}

#[tokio::test]
async fn a_receiver_that_speaks_no_tus_has_not_taken_it() {
    let receiver = Receiver::start([]).await;
    let answer = world().deliver(to(&receiver.url()), "x").await;
    assert!(is_refused(&answer) && format!("{answer:?}").contains("does it speak tus"), "{answer:?}");
}

#[tokio::test]
async fn what_is_larger_than_the_receiver_takes_is_not_begun() {
    let (world, server) = (world(), TusServer::start().await);
    server.manner(|it| it.most = Some(5));
    let answer = world.deliver(to(&server.url), "123456").await;
    assert!(is_refused(&answer), "{answer:?}");
    assert!(server.uploads().is_empty());
}

#[tokio::test]
async fn corrupt_bytes_never_arrive_whole() {
    let (world, server) = (world(), TusServer::start().await);
    *world.payloads.broken.lock().unwrap() = true;
    let answer = world.deliver(to(&server.url), pattern(CHUNK + 200_000)).await;
    assert!(is_failed(&answer), "{answer:?}");
    assert!(server.uploads()[0].bytes.len() <= CHUNK);
}

#[tokio::test]
async fn clearing_removes_what_is_unfinished_and_leaves_what_arrived() {
    let (world, server) = (world(), TusServer::start().await);
    let first = world.consigned(to(&server.url), pattern(CHUNK + 7));
    server.manner(|it| it.breaks_at = Some(10));
    assert!(is_failed(&world.connectors.deliver(&first).await.answer));
    let (left, _) = world.passages.kept().remove(0);

    let whole = world.consigned(to(&server.url), pattern(CHUNK + 7));
    assert!(matches!(world.connectors.deliver(&whole).await.answer, Answer::Taken { .. }));
    let mut arrived = left.clone();
    arrived.place = lockgate_core::passage::Place::Tus { url: format!("{}/1", server.url) };
    assert!(matches!(world.connectors.abandon(&arrived).await, Answer::Taken { .. }));
    assert_eq!(server.uploads().len(), 2, "what arrived stays, whatever we heard of it");

    for _ in 0..2 {
        assert!(matches!(world.connectors.abandon(&left).await, Answer::Taken { .. }));
        assert_eq!(server.uploads().len(), 1);
    }
    world.passages.forget_passage(left.id).await.unwrap();
}
