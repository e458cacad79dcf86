//! Two whole hosts on real services: what was acknowledged is finished although one of them dies.

mod follower;
mod notices;
mod stage;

use std::time::Duration;

use lockgate_devservices::Service;
use serde_json::{Value, json};
use stage::Stage;

const TRANSFERS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_transfers_are_delivered_under_one_key_each_although_a_host_dies() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.ready(1).await;
    stage.introduce("acme", "globex").await;

    let mut sent = vec![];
    for number in 0..TRANSFERS {
        if number == TRANSFERS / 3 {
            stage.kill(1);
        }
        // After the death, only the living host is asked; whatever the dead one had claimed is adopted.
        let host = if number < TRANSFERS / 3 { number % 2 } else { 0 };
        sent.push(stage.send(host, &format!("list-{number}.csv"), format!("name,amount\nann,{number}\n")).await);
    }
    for id in &sent {
        assert_eq!(stage.end_of(id, Duration::from_secs(120)).await, "FINISHED", "{id}\n{}", stage.show(id));
    }
    let received = stage.received();
    assert_eq!(received.len(), TRANSFERS, "every transfer was delivered under a key of its own");
    // What the dead host had handed over but not written down comes again, under the same key: at most its work in hand.
    let repeated = received.values().filter(|times| **times > 1).count();
    assert!(repeated <= TRANSFERS / 3, "more was repeated than the dead host can have had in hand: {received:?}");
    assert!(stage.show(&sent[0]).contains("offset="), "the timeline names Kafka's position");
    assert!(stage.stop().await.success(), "the living host stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_on_one_host_hears_what_changes_on_another_and_ends_with_its_host() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.ready(1).await;
    stage.introduce("acme", "globex").await;

    let mut sender = stage.follow(0, "acme", "subscription { transferUpdated { id state sender { slug } } }").await;
    let mut receiver =
        stage.follow(0, "globex", "subscription { deliveryUpdated { id state receiver { slug } } }").await;
    let mut stranger = stage.follow(0, "umbrella", "subscription { transferUpdated { id } }").await;
    stage.sends_as("acme");
    let id = stage.send(1, "followed.csv", "name,amount\nann,1\n".to_owned()).await;
    let finished = sender
        .until(|data| data["transferUpdated"]["id"] == *id && data["transferUpdated"]["state"] == "FINISHED")
        .await;
    assert_eq!(finished["transferUpdated"]["sender"]["slug"], "acme");
    let delivered = receiver.until(|data| data["deliveryUpdated"]["state"] == "DELIVERED").await;
    assert_eq!(delivered["deliveryUpdated"]["receiver"]["slug"], "globex");

    // Whoever has nothing to do with it hears of nothing but its host's end.
    assert!(stage.stop().await.success(), "a host with followers stops in order");
    assert_eq!(sender.closed().await.1, 1001);
    assert_eq!(receiver.closed().await.1, 1001);
    assert_eq!(stranger.closed().await, (0, 1001));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_kafka_is_wiped_and_postgres_restarts() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.ready(1).await;
    stage.introduce("acme", "globex").await;

    let mut sent = vec![];
    for number in 0..10 {
        sent.push(stage.send(number % 2, &format!("before-{number}.csv"), format!("n\n{number}\n")).await);
    }
    stage.services.wipe_service(Service::Kafka).await.expect("Kafka can be wiped");
    for number in 0..10 {
        sent.push(stage.send(number % 2, &format!("without-{number}.csv"), format!("n\n{number}\n")).await);
    }
    let unready = stage.readiness(0).await;
    assert!(unready.contains("\"ready\":false") && unready.contains("kafka"), "{unready}");
    stage.services.start_service(Service::Kafka).await.expect("Kafka starts again");
    for number in 0..10 {
        sent.push(stage.send(number % 2, &format!("after-{number}.csv"), format!("n\n{number}\n")).await);
    }
    stage.services.stop_service(Service::Postgres).await.expect("Postgres can be stopped");
    stage.services.start_service(Service::Postgres).await.expect("Postgres starts again");
    stage.ready(0).await;
    stage.ready(1).await;

    for id in &sent {
        assert_eq!(stage.end_of(id, Duration::from_secs(120)).await, "FINISHED", "{id}\n{}", stage.show(id));
    }
    let received = stage.received();
    assert_eq!(received.len(), sent.len(), "every transfer was delivered under a key of its own");
    assert!(stage.stop().await.success(), "a host that went through this stops in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_sent_again_arrive_once_and_in_order_although_it_is_cancelled_and_a_host_dies() {
    const DEAD: usize = 12;
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.ready(1).await;
    let quick = json!({ "ordered": true, "settings": { "retriesSeconds": [], "breakerFailures": 0 } });
    stage.introduce_to("acme", "globex", quick).await;
    stage.down(true);
    for number in 0..DEAD {
        stage.send(number % 2, &format!("list-{number}.csv"), format!("name,amount\nann,{number}\n")).await;
    }
    let dead = "query { deadLetterGroups { count cause } }";
    let all = |it: &Value| it["deadLetterGroups"][0]["count"] == DEAD;
    let groups = stage.until("all are dead", dead, json!({}), all).await;
    assert_eq!(groups["deadLetterGroups"][0]["cause"], "SERVER_ERROR");
    assert!(stage.arrived().is_empty());

    stage.down(false);
    let start = "mutation($input: StartRedriveInput!) { startRedrive(input: $input) { redrive { id } } }";
    let input = json!({ "input": { "reason": "it is back", "perSecond": 2 } });
    let first = stage.graphql(start, input.clone()).await["startRedrive"]["redrive"]["id"].clone();
    let redrive = "query($id: ID!) { redrive(id: $id) { state moved } }";
    let some = |it: &Value| it["redrive"]["moved"].as_u64().is_some_and(|moved| moved >= 4);
    stage.until("some are sent", redrive, json!({ "id": first }), some).await;
    let cancel = "mutation($id: ID!) { cancelRedrive(input: { redrive: $id }) { redrive { state moved } } }";
    let cancelled = stage.graphql(cancel, json!({ "id": first })).await["cancelRedrive"]["redrive"].clone();
    assert_eq!(cancelled["state"], "CANCELLED");

    let second = stage.graphql(start, input).await["startRedrive"]["redrive"]["id"].clone();
    stage.kill(1);
    let finished = |it: &Value| it["redrive"]["state"] == "FINISHED";
    let ended = stage.until("it is finished", redrive, json!({ "id": second }), finished).await;
    let moved = |it: &Value| it["moved"].as_u64().expect("a count");
    assert_eq!(moved(&cancelled) + moved(&ended["redrive"]), DEAD as u64, "each was sent by one of the two");
    let delivered = "query { deliveries(state: DELIVERED, first: 50) { nodes { key position } } }";
    let arrived = |it: &Value| it["deliveries"]["nodes"].as_array().is_some_and(|all| all.len() == DEAD);
    let delivered = stage.until("all arrived", delivered, json!({}), arrived).await;
    let mut line = delivered["deliveries"]["nodes"].as_array().expect("a list").clone();
    line.sort_by_key(|it| it["position"].as_u64());
    let keys: Vec<_> = line.iter().map(|it| it["key"].as_str().expect("a key").to_owned()).collect();
    assert_eq!(stage.arrived(), keys, "each under one key, in the order of the line");
}
