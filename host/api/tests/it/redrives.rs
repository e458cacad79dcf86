//! Dead letters and redrives through the API, by the shipped operations: counted, sent again, paused, cancelled, replayed.

use std::time::Duration;

use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::id::DestinationId;
use lockgate_core::time::Clock;
use serde_json::{Value, json};

use crate::house::{House, code};

macro_rules! operation {
    ($name:literal) => {
        include_str!(concat!("../../../../graphql/operations/", $name, ".graphql"))
    };
}

impl House {
    async fn told(&self, token: &str, operation: &str, variables: Value) -> Value {
        let answer = self.ask(token, operation, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// Globex has an inbox to which so many deliveries failed for good.
    async fn with_dead_letters(&self, count: usize, cause: Cause) {
        let input = json!({ "input": { "partner": "globex", "name": "inbox", "ordered": true,
            "endpoint": { "http": { "url": "https://globex.example/inbox" } } } });
        self.told(&self.token(&self.globex), operation!("create-destination"), input).await;
        for _ in 0..count {
            self.connector.will_answer(Answer::refused(cause, "it does not want it"));
        }
        for number in 0..count {
            self.hand_in(&format!("{number}.txt"), b"words").await;
        }
        self.work().await;
        self.clock.advance(Duration::from_secs(1));
    }

    async fn dead(&self, token: &str) -> Value {
        self.told(token, operation!("dead-letter-groups"), json!({})).await["deadLetterGroups"].clone()
    }
}

#[tokio::test]
async fn counts_dead_letters_by_destination_and_cause_for_their_receiver_and_operators_only() {
    let house = House::new().await;
    house.with_dead_letters(3, Cause::Unauthorized).await;
    for token in [house.token(&house.globex), house.operator()] {
        let groups = house.dead(&token).await;
        assert_eq!((&groups[0]["count"], &groups[0]["cause"]), (&json!(3), &json!("UNAUTHORIZED")), "{groups}");
        assert_eq!(groups[0]["destination"]["name"], "inbox");
        assert_eq!(groups[0]["sample"].as_array().map(Vec::len), Some(3));
    }
    assert_eq!(house.dead(&house.token(&house.acme)).await, json!([]), "a sender does not see where it goes");
    let globex = house.token(&house.globex);
    let other = json!({ "filter": { "cause": "GONE" } });
    assert_eq!(house.told(&globex, operation!("dead-letter-groups"), other).await["deadLetterGroups"], json!([]));
    let dead = house.told(&globex, operation!("dead-letters"), json!({ "filter": { "cause": "UNAUTHORIZED" } })).await;
    assert_eq!(dead["deadLetters"]["nodes"][0]["attempts"][0]["cause"], "UNAUTHORIZED", "{dead}");
}

#[tokio::test]
async fn a_list_of_transfers_shows_and_filters_which_have_dead_letters() {
    let house = House::new().await;
    house.with_dead_letters(2, Cause::Refused).await;
    house.hand_in("taken.txt", b"words").await;
    house.work().await;
    let listed = async |token: &str, filter: &str| {
        let query = format!("{{ transfers({filter}) {{ nodes {{ fileName deadLetters }} }} }}");
        let reads = house.reads.made();
        let data = house.told(token, &query, json!({})).await;
        assert_eq!(house.reads.made() - reads, if data["transfers"]["nodes"] == json!([]) { 1 } else { 2 });
        let mut nodes = data["transfers"]["nodes"].as_array().expect("a list").clone();
        nodes.sort_by_key(|it| it["fileName"].to_string());
        json!(nodes)
    };
    let (dead, well) = ("filter: { deadLettered: true }", "filter: { deadLettered: false }");
    let both = json!([{ "fileName": "0.txt", "deadLetters": 1 }, { "fileName": "1.txt", "deadLetters": 1 }]);
    let globex = house.token(&house.globex);
    for token in [&globex, &house.operator()] {
        assert_eq!(listed(token, dead).await, both);
        assert_eq!(listed(token, well).await, json!([{ "fileName": "taken.txt", "deadLetters": 0 }]));
        assert_eq!(listed(token, "first: 9").await.as_array().map(Vec::len), Some(3));
    }
    let acme = house.token(&house.acme);
    let sent = house.told(&acme, "{ transfers { nodes { deadLetters } } }", json!({})).await;
    assert_eq!(
        sent["transfers"]["nodes"],
        json!([{ "deadLetters": null }, { "deadLetters": null }, { "deadLetters": null }])
    );
    assert_eq!(listed(&acme, dead).await, json!([]), "deliveries are their receivers' affair");
    house.told(&globex, operation!("start-redrive"), json!({ "input": { "reason": "they repaired it" } })).await;
    house.redrive().await;
    house.work().await;
    assert_eq!(listed(&globex, dead).await, json!([]));
}

#[tokio::test]
async fn a_dead_letter_alone_is_not_sent_to_a_destination_that_is_disabled() {
    let house = House::new().await;
    house.with_dead_letters(1, Cause::Refused).await;
    let globex = house.token(&house.globex);
    let dead = house.told(&globex, operation!("dead-letters"), json!({})).await["deadLetters"]["nodes"][0].clone();
    let destination = house.dead(&globex).await[0]["destination"]["id"].clone();
    let turn = async |status: &str| {
        let turn = "mutation($input: UpdateDestinationInput!) {
            updateDestination(input: $input) { destination { status } } }";
        house.told(&globex, turn, json!({ "input": { "destination": destination, "status": status } })).await;
    };
    turn("DISABLED").await;
    let input = json!({ "id": dead["id"], "reason": "they repaired it" });
    let refused = house.ask(&globex, operation!("redrive-delivery"), input.clone()).await;
    assert_eq!(code(&refused), "DESTINATION_DISABLED", "{refused}");
    let why = refused["errors"][0]["message"].as_str().expect("a sentence");
    let id = destination.as_str().expect("an id");
    assert!(["`inbox`", id, "turned it off", "enable it first"].iter().all(|part| why.contains(part)), "{why}");
    assert_eq!(house.dead(&globex).await[0]["count"], 1, "it is a dead letter as before");
    turn("ACTIVE").await;
    house.told(&globex, operation!("redrive-delivery"), input).await;
    assert_eq!(house.dead(&globex).await, json!([]));
}

#[tokio::test]
async fn redrives_in_the_order_of_the_line_and_under_the_same_keys() {
    let house = House::new().await;
    house.with_dead_letters(5, Cause::Refused).await;
    let before: Vec<_> = house.connector.seen().iter().map(|it| it.delivery.key()).collect();
    let input = json!({ "input": { "reason": "they repaired it", "perSecond": 100 } });
    let globex = house.token(&house.globex);
    let started = house.told(&globex, operation!("start-redrive"), input).await["startRedrive"]["redrive"].clone();
    assert_eq!((&started["state"], &started["total"]), (&json!("RUNNING"), &json!(5)), "{started}");
    house.redrive().await;
    house.work().await;
    let after: Vec<_> = house.connector.seen()[5..].iter().map(|it| it.delivery.key()).collect();
    assert_eq!(after, before, "each once, under its own key, in the order of the line");
    house.clock.advance(Duration::from_secs(1));
    house.redrive().await;
    let ended = house.told(&globex, operation!("redrive"), json!({ "id": started["id"] })).await["redrive"].clone();
    assert_eq!((&ended["state"], &ended["moved"], &ended["skipped"]), (&json!("FINISHED"), &json!(5), &json!(0)));
    assert_eq!(ended["lanes"][0]["done"], true);
    assert_eq!(house.dead(&globex).await, json!([]));
    assert_eq!(house.told(&globex, operation!("redrives"), json!({})).await["redrives"]["nodes"][0]["id"], ended["id"]);
}

#[tokio::test]
async fn sends_nothing_while_paused_and_nothing_more_once_cancelled() {
    let house = House::new().await;
    house.with_dead_letters(6, Cause::Refused).await;
    let globex = house.token(&house.globex);
    let input = json!({ "input": { "reason": "they repaired it", "perSecond": 2 } });
    let started = house.told(&globex, operation!("start-redrive"), input).await;
    let id = json!({ "id": started["startRedrive"]["redrive"]["id"] });
    let moved = async || house.told(&globex, operation!("redrive"), id.clone()).await["redrive"]["moved"].clone();
    house.redrive().await;
    assert_eq!(moved().await, json!(2), "two a second");
    house.told(&globex, operation!("pause-redrive"), id.clone()).await;
    house.clock.advance(Duration::from_secs(10));
    house.redrive().await;
    assert_eq!(moved().await, json!(2), "paused");
    house.told(&globex, operation!("resume-redrive"), id.clone()).await;
    house.redrive().await;
    assert_eq!(moved().await, json!(4), "it goes on where it was");
    let cancelled = house.told(&globex, operation!("cancel-redrive"), id.clone()).await;
    assert_eq!(cancelled["cancelRedrive"]["redrive"]["state"], "CANCELLED");
    house.clock.advance(Duration::from_secs(10));
    house.redrive().await;
    assert_eq!(moved().await, json!(4));
    assert_eq!(house.dead(&globex).await[0]["count"], 2, "what was not sent stays");
    let again = house.ask(&globex, operation!("resume-redrive"), id.clone()).await;
    assert_eq!(code(&again), "ILLEGAL_MOVE");
}

#[tokio::test]
async fn redrives_are_the_receivers_and_the_operators() {
    let house = House::new().await;
    house.with_dead_letters(1, Cause::Refused).await;
    let input = json!({ "input": { "reason": "please" } });
    let integrator = house.ask(&house.integrator(&house.globex), operation!("start-redrive"), input.clone()).await;
    assert_eq!(code(&integrator), "FORBIDDEN");
    let sender = house.told(&house.token(&house.acme), operation!("start-redrive"), input.clone()).await;
    assert_eq!(sender["startRedrive"]["redrive"]["total"], 0, "a sender has no destinations of its own here");
    let foreign = json!({ "input": { "reason": "please", "filter": { "receiver": "globex" } } });
    let foreign = house.ask(&house.token(&house.acme), operation!("start-redrive"), foreign).await;
    assert_eq!(code(&foreign), "FORBIDDEN");
    let operators = house.told(&house.operator(), operation!("start-redrive"), input).await;
    let id = json!({ "id": operators["startRedrive"]["redrive"]["id"] });
    let globex = house.token(&house.globex);
    assert_eq!(house.told(&globex, operation!("redrive"), id.clone()).await["redrive"], Value::Null);
    assert_eq!(code(&house.ask(&globex, operation!("cancel-redrive"), id).await), "REDRIVE_NOT_FOUND");
    let nowhere = DestinationId::generate(house.clock.now()).to_string();
    for (input, wanted) in [
        (json!({ "reason": " " }), "REASON_REQUIRED"),
        (json!({ "reason": "x", "perSecond": 0 }), "INVALID_REDRIVE"),
        (json!({ "reason": "x", "perSecond": 1001 }), "INVALID_REDRIVE"),
        (json!({ "reason": "x", "filter": { "destination": nowhere } }), "DESTINATION_NOT_FOUND"),
    ] {
        let answer = house.ask(&globex, operation!("start-redrive"), json!({ "input": input })).await;
        assert_eq!(code(&answer), wanted, "{answer}");
    }
    let endless = json!({ "input": { "reason": "x", "filter": {} } });
    assert_eq!(code(&house.ask(&globex, operation!("start-replay"), endless).await), "INVALID_REDRIVE");
}

#[tokio::test]
async fn replays_finished_deliveries_under_keys_of_their_own() {
    let house = House::new().await;
    house.with_dead_letters(0, Cause::Refused).await;
    for name in ["a.txt", "b.txt"] {
        house.hand_in(name, b"words").await;
    }
    house.work().await;
    house.clock.advance(Duration::from_secs(1));
    let globex = house.token(&house.globex);
    let filter = json!({ "since": "2025-01-01T00:00:00Z", "destination": null });
    let plan = house.told(&globex, operation!("replay-plan"), json!({ "filter": filter })).await["replayPlan"].clone();
    assert_eq!((&plan[0]["count"], house.connector.seen().len()), (&json!(2), 2), "{plan}");
    let input = json!({ "input": { "reason": "they lost a day", "filter": filter } });
    let started = house.told(&globex, operation!("start-replay"), input).await;
    assert_eq!(started["startReplay"]["redrive"]["kind"], "REPLAY");
    house.redrive().await;
    house.work().await;
    let seen = house.connector.seen();
    assert_eq!(seen.len(), 4);
    for (first, again) in seen[..2].iter().zip(&seen[2..]) {
        assert_ne!(first.delivery.key(), again.delivery.key());
        assert_eq!(again.delivery.replay_of, Some(first.delivery.id));
        assert_eq!(first.payload, again.payload);
    }
    let transfer = seen[2].transfer.to_string();
    let shown = house.told(&globex, operation!("transfer"), json!({ "id": transfer })).await;
    assert_eq!(shown["transfer"]["consignments"][0]["state"], "DELIVERED", "{shown}");
    let again = house.told(&globex, operation!("replay-plan"), json!({ "filter": filter })).await["replayPlan"].clone();
    assert_eq!(again[0]["count"], 2, "a replay is not replayed");
}
