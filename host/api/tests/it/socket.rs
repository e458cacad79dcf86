//! Subscriptions by `graphql-transport-ws`: a real WebSocket client over a connection in memory.

mod client;

use std::time::Duration;

use axum::http::{Request, StatusCode};
use lockgate_core::id::TransferId;
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::NudgeSink;
use serde_json::{Value, json};

use self::client::Client;
use crate::house::{BAD_TOKENS, House};

const ONE: &str = "subscription($id: ID!) { transferUpdated(id: $id) { id state } }";
const ALL: &str = "subscription { transferUpdated { id state } }";

impl House {
    /// Tells this host that a transfer changed, as Kafka would.
    fn nudge(&self, transfer: &str) {
        let transfer: TransferId = transfer.parse().expect("an id");
        self.hub.nudged(&Nudge { transfer, delivery: None, partners: vec![self.acme.id, self.globex.id] });
    }

    async fn cancel(&self, transfer: &str) {
        let cancel =
            "mutation($id: ID!) { cancelTransfer(input: { transfer: $id, reason: \"no\" }) { transfer { id } } }";
        let answer = self.ask(&self.token(&self.acme), cancel, json!({ "id": transfer })).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    }
}

fn state(message: &Value) -> &str {
    message["payload"]["data"]["transferUpdated"]["state"].as_str().unwrap_or_else(|| panic!("{message}"))
}

#[tokio::test]
async fn tells_how_a_transfer_stands_and_each_change() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    let mut client = Client::greeted(&house, &house.token(&house.acme)).await;
    client.subscribe("1", ONE, json!({ "id": id })).await;
    assert_eq!(state(&client.next("1").await), "RECEIVED");
    house.cancel(&id).await;
    house.nudge(&id);
    let update = client.next("1").await;
    assert_eq!(state(&update), "CANCELLED");
    assert_eq!(house.reads.opened(), house.reads.closed(), "each update is read in a view of its own, which is closed");
    client.send(json!({ "type": "complete", "id": "1" })).await;
    client.settled().await;
    house.nudge(&id);
    client.settled().await;
}

#[tokio::test]
async fn tells_each_viewer_of_what_it_may_see_only() {
    let house = House::new().await;
    let mut clients = Vec::new();
    for token in [house.token(&house.acme), house.operator(), house.token(&house.globex), house.token(&house.stranger)]
    {
        let mut client = Client::greeted(&house, &token).await;
        client.subscribe("all", ALL, json!({})).await;
        client.settled().await;
        clients.push(client);
    }
    let id = house.hand_in("a.txt", b"abc").await;
    // Even a nudge that names everybody shows nobody more than the store does.
    let everybody = vec![house.acme.id, house.globex.id, house.stranger.id];
    house.hub.nudged(&Nudge { transfer: id.parse().expect("an id"), delivery: None, partners: everybody });
    for client in &mut clients[..2] {
        assert_eq!(client.next("all").await["payload"]["data"]["transferUpdated"]["id"], json!(id));
    }
    for client in &mut clients[2..] {
        client.settled().await;
    }
}

#[tokio::test]
async fn gives_a_foreign_transfer_the_answer_of_one_that_is_not_there() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    let mut client = Client::greeted(&house, &house.token(&house.stranger)).await;
    let mut answers = Vec::new();
    for id in [id.as_str(), "trf_0193a000000070008000000000000009"] {
        client.subscribe("1", ONE, json!({ "id": id })).await;
        let refused = client.next("1").await;
        assert_eq!(refused["payload"]["errors"][0]["extensions"]["code"], "TRANSFER_NOT_FOUND", "{refused}");
        assert_eq!(client.hear().await, json!({ "type": "complete", "id": "1" }));
        answers.push(refused);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn joins_the_changes_that_a_slow_client_did_not_take() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    let mut client = Client::greeted(&house, &house.token(&house.acme)).await;
    client.subscribe("1", ALL, json!({})).await;
    client.settled().await;
    // The runtime has one thread: nobody looks before all of these were told.
    for _ in 0..500 {
        house.nudge(&id);
    }
    assert_eq!(state(&client.next("1").await), "RECEIVED");
    client.settled().await;
    assert!(house.reads.opened() < 20, "read {} times", house.reads.opened());
}

#[tokio::test]
async fn says_when_updates_were_missed() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    let mut client = Client::greeted(&house, &house.token(&house.acme)).await;
    client.subscribe("one", ONE, json!({ "id": id })).await;
    assert_eq!(state(&client.next("one").await), "RECEIVED");
    house.hub.missed();
    assert_eq!(state(&client.next("one").await), "RECEIVED", "a single transfer is simply looked at");
    client.subscribe("all", ALL, json!({})).await;
    client.settled().await;
    house.hub.missed();
    // The single one is looked at once more; which of the two comes first is nobody's promise.
    let mut heard = vec![client.hear().await, client.hear().await, client.hear().await];
    heard.retain(|it| it["id"] == "all");
    assert_eq!(heard[0]["payload"]["errors"][0]["extensions"]["code"], "UPDATES_MISSED", "{heard:?}");
    assert_eq!(heard[1], json!({ "type": "complete", "id": "all" }));
}

#[tokio::test]
async fn refuses_who_is_nobody() {
    let house = House::new().await;
    let mut expired = house.issuer.claims();
    expired["exp"] = json!(crate::identity::issuer::now() - 100);
    expired["nbf"] = json!(crate::identity::issuer::now() - 200);
    let bearer = |token: &str| json!({ "authorization": format!("Bearer {token}") });
    for (payload, expected) in [
        (Value::Null, 4401),
        (json!({}), 4401),
        (json!({ "authorization": "Basic YTpi" }), 4401),
        (json!({ "authorization": 7 }), 4401),
        (bearer("nonsense"), 4401),
        (bearer(&house.issuer.sign("ec", &expired)), 4403),
    ] {
        let mut client = Client::connect(&house).await;
        client.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(client.closed().await.0, expected, "{payload}");
    }
    let mut client = Client::connect(&house).await;
    client.subscribe("1", ALL, json!({})).await;
    assert_eq!(client.closed().await.0, 4401, "before the token came");
    assert_eq!(house.hub.connections(), 0);
}

#[tokio::test]
async fn ends_conversations_that_break_the_protocol() {
    let house = House::new().await;
    let subscribe = json!({ "type": "subscribe", "id": "1", "payload": { "query": ALL } });
    for (messages, expected) in [
        (vec![json!({ "type": "connection_init", "payload": {} })], 4429),
        (vec![subscribe.clone(), subscribe], 4409),
        (vec![json!({ "type": "start" })], 4400),
        (vec![json!({ "id": "1" })], 4400),
        (vec![json!([])], 4400),
        (vec![json!({ "type": "subscribe", "payload": { "query": ALL } })], 4400),
        (vec![json!({ "type": "complete" })], 4400),
    ] {
        let mut client = Client::greeted(&house, &house.operator()).await;
        for message in &messages {
            client.send(message.clone()).await;
        }
        assert_eq!(client.closed().await.0, expected, "{messages:?}");
    }
    let mut client = Client::greeted(&house, &house.operator()).await;
    client.send_text("{\"type\":\"ping\",\"type\":\"pong\"}").await;
    assert_eq!(client.closed().await.0, 4400, "a key twice");
    let mut client = Client::connect_without_protocol(&house).await;
    assert_eq!(client.closed().await.0, 4406);
}

#[tokio::test]
async fn takes_messages_as_long_as_a_document_and_its_variables_need() {
    let house = House::new().await;
    let said = |bytes: usize| json!({ "type": "pong", "payload": "x".repeat(bytes) });
    let mut client = Client::greeted(&house, &house.operator()).await;
    client.send(said(200 << 10)).await;
    client.settled().await;
    // Before anybody is known, and after; whole, and in frames that each are short enough.
    let mut clients = vec![Client::connect(&house).await, client];
    for client in &mut clients {
        client.send(said(256 << 10)).await;
        assert_eq!(client.closed().await.0, 1009);
    }
    let mut client = Client::connect(&house).await;
    let piece = [&[0, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], &[b'x'; 64 << 10][..]].concat();
    let begun = [&[1, 0x80, 0, 0, 0, 0][..], &piece.repeat(5)].concat();
    client.send_raw(&begun).await;
    assert_eq!(client.closed().await.0, 1009);
}

#[tokio::test]
async fn says_by_the_codes_of_websockets_what_cannot_be_read() {
    let house = House::new().await;
    for (bytes, expected) in [
        (&[0xf1, 0x80, 0, 0, 0, 0][..], 1002),
        (&[0x81, 0x00], 1002),
        (&[0x80, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], 1007),
    ] {
        let mut client = Client::greeted(&house, &house.operator()).await;
        client.send_raw(bytes).await;
        assert_eq!(client.closed().await.0, expected, "{bytes:x?}");
    }
    // Who left in the middle of a frame hears nothing.
    let mut client = Client::greeted(&house, &house.operator()).await;
    client.send_raw(&[0x81]).await;
    client.hears_nothing_more().await;
}

#[tokio::test]
async fn counts_the_bad_tokens_of_an_address() {
    let house = House::new().await;
    let address = "198.51.100.66";
    let good = house.operator();
    let (signed, _) = good.rsplit_once('.').expect("a token has three parts");
    for number in 0..BAD_TOKENS.requests {
        let mut client = Client::connect_from(&house, address).await;
        client.init(&format!("{signed}.{number:086}")).await;
        assert_eq!(client.closed().await.0, 4401);
    }
    let mut client = Client::connect_from(&house, address).await;
    client.init(&good).await;
    let (code, why) = client.closed().await;
    assert_eq!(code, 4403);
    assert!(why.contains("wait 60 s"), "{why}");
    let mut client = Client::connect_from(&house, "198.51.100.67").await;
    client.init(&good).await;
    assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn refuses_by_code_what_cannot_be_followed() {
    let house = House::with(|settings| settings.subscriptions.per_connection = 2).await;
    let mut client = Client::greeted(&house, &house.operator()).await;
    let deep = format!("subscription {{ transferUpdated {}{}", "{ sender ".repeat(60), "}".repeat(61));
    for (query, expected) in [
        ("subscription { nothing }", "QUERY_INVALID"),
        ("subscription { transferUpdated { id } deliveryUpdated { id } }", "QUERY_INVALID"),
        (
            "subscription { ...both } fragment both on Subscription { a: transferUpdated { id } b: transferUpdated { id } }",
            "QUERY_INVALID",
        ),
        ("subscription {", "QUERY_MALFORMED"),
        (deep.as_str(), "QUERY_TOO_DEEP"),
        ("{ viewer { role } }", "METHOD_NOT_ALLOWED"),
        ("mutation { createPartner(input: { slug: \"x-y\", name: \"X\" }) { partner { id } } }", "METHOD_NOT_ALLOWED"),
    ] {
        client.subscribe("1", query, json!({})).await;
        let refused = client.hear().await;
        assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("1")), "{refused}");
        assert_eq!(refused["payload"][0]["extensions"]["code"], expected, "{refused}");
    }
    for id in ["1", "2", "3"] {
        client.subscribe(id, ALL, json!({})).await;
    }
    let refused = client.hear().await;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("3")));
    assert_eq!(refused["payload"][0]["extensions"]["code"], "TOO_MANY_SUBSCRIPTIONS");
    client.send(json!({ "type": "complete", "id": "1" })).await;
    client.subscribe("1", ALL, json!({})).await;
    client.settled().await;
}

#[tokio::test]
async fn bounds_the_connections_of_one_viewer() {
    let house = House::with(|settings| settings.subscriptions.connections_per_viewer = 1).await;
    let first = Client::greeted(&house, &house.operator()).await;
    let mut second = Client::connect(&house).await;
    second.init(&house.operator()).await;
    assert_eq!(second.closed().await.0, 4403);
    first.leave().await;
    while house.hub.connections() > 0 {
        tokio::task::yield_now().await;
    }
    Client::greeted(&house, &house.operator()).await;
}

#[tokio::test]
async fn waits_for_a_token_only_so_long() {
    let house = House::with(|settings| settings.subscriptions.init_timeout = Duration::from_millis(20)).await;
    let mut client = Client::connect(&house).await;
    assert_eq!(client.closed().await.0, 4408);
}

#[tokio::test]
async fn ends_with_the_token() {
    let house = House::new().await;
    let mut claims = house.issuer.claims();
    claims["lockgate_role"] = json!("operator");
    claims.as_object_mut().expect("an object").remove("lockgate_partner");
    // Of the five seconds that clocks may differ, three have passed.
    claims["exp"] = json!(crate::identity::issuer::now() - 3);
    claims["nbf"] = json!(crate::identity::issuer::now() - 60);
    let mut client = Client::greeted(&house, &house.issuer.sign("ec", &claims)).await;
    assert_eq!(client.closed().await, (4403, "The token has expired; connect again with a new one".to_owned()));
}

#[tokio::test]
async fn gives_up_a_client_that_is_silent() {
    let house = House::with(|settings| settings.subscriptions.ping_every = Duration::from_millis(20)).await;
    let client = Client::greeted(&house, &house.operator()).await;
    // It reads nothing, so it answers no ping.
    while house.hub.connections() > 0 {
        tokio::task::yield_now().await;
    }
    drop(client);
}

#[tokio::test]
async fn ends_all_connections_when_the_host_stops() {
    let house = House::new().await;
    let mut client = Client::greeted(&house, &house.operator()).await;
    client.subscribe("1", ALL, json!({})).await;
    client.settled().await;
    let ((), closed) = tokio::join!(house.hub.close(), client.closed());
    assert_eq!(closed.0, 1001);
    assert_eq!(house.hub.connections(), 0);
}

#[tokio::test]
async fn follows_every_shipped_subscription() {
    let house = House::new().await;
    let mut client = Client::greeted(&house, &house.operator()).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../graphql/operations");
    let texts = std::fs::read_dir(folder)
        .expect("the folder of operations")
        .map(|entry| std::fs::read_to_string(entry.expect("a file").path()).expect("an operation"));
    let mut followed = 0;
    for text in texts.filter(|text| text.contains("\nsubscription ")) {
        followed += 1;
        client.subscribe(&followed.to_string(), &text, json!({})).await;
        client.settled().await;
    }
    assert_eq!(followed, 2);
}

#[tokio::test]
async fn says_to_others_that_this_is_a_websocket() {
    let house = House::new().await;
    let request = Request::get("/graphql/ws").body(axum::body::Body::empty()).expect("a request");
    let answer = house.send(request).await;
    assert_eq!(answer.status, StatusCode::UPGRADE_REQUIRED);
    assert_eq!(answer.code(), "UPGRADE_REQUIRED");
}
