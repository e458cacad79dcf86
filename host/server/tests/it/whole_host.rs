//! Two whole hosts on real services: what was acknowledged is finished although one of them dies.

mod follower;
mod stage;

use std::time::Duration;

use lockgate_devservices::Service;
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
