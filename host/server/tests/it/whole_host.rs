//! Two whole hosts on real services: what was acknowledged is finished although one of them dies.

mod cuts;
mod follower;
mod hanging;
mod inbox;
mod line;
mod notices;
mod stage;

use hanging::{Hanging, Manner};
use line::Line;
use lockgate_devservices::Service;
use lockgate_testkit::s3_proxy::{Fault, Kind, Proxy};
use lockgate_testkit::waiting::until_so;
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
        stage.finished(id).await;
    }
    let received = stage.inbox.received();
    assert_eq!(received.len(), TRANSFERS, "every transfer was delivered under a key of its own");
    // What the dead host had handed over but not written down comes again, under the same key: at most its work in hand.
    let repeated = received.values().filter(|times| **times > 1).count();
    assert!(repeated <= TRANSFERS / 3, "more was repeated than the dead host can have had in hand: {received:?}");
    // Whoever is first may be found before Kafka rings for it.
    let rung = sent.iter().rev().any(|id| stage.show(id).contains("offset="));
    assert!(rung, "the timeline names Kafka's position");
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
        stage.finished(id).await;
    }
    let received = stage.inbox.received();
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
    stage.inbox.down(true);
    for number in 0..DEAD {
        stage.send(number % 2, &format!("list-{number}.csv"), format!("name,amount\nann,{number}\n")).await;
    }
    let dead = "query { deadLetterGroups { count cause } }";
    let all = |it: &Value| it["deadLetterGroups"][0]["count"] == DEAD;
    let groups = stage.until("all are dead", dead, json!({}), all).await;
    assert_eq!(groups["deadLetterGroups"][0]["cause"], "SERVER_ERROR");
    assert!(stage.inbox.arrived().is_empty());

    stage.inbox.down(false);
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
    assert_eq!(stage.inbox.arrived(), keys, "each under one key, in the order of the line");
}

#[tokio::test(flavor = "multi_thread")]
async fn receivers_that_hang_hold_a_bounded_part_of_a_host_and_others_get_theirs_meanwhile() {
    const EACH: usize = 12;
    const OTHERS: usize = 10;
    // So that whatever hangs outlasts the test: nothing here depends on when it is given up.
    let patient = [("LOCKGATE_CONNECTORS__IDLE_TIMEOUT_MS", "3600000"), ("LOCKGATE_WORKERS__DELIVERIES", "8")];
    let mut stage = Stage::set_with(&patient).await;
    stage.ready(0).await;
    // One host alone, so that there is nobody else to do the work.
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    let (silent, dripping) = (Hanging::start(Manner::Silent).await, Hanging::start(Manner::Dripping).await);
    let flooding = Hanging::start(Manner::Flooding).await;
    for (slug, url) in [("initech", &silent.url), ("hooli", &dripping.url), ("umbrella", &flooding.url)] {
        stage.receives("acme", slug, url).await;
    }
    let mut hanging = vec![];
    for number in 0..EACH {
        for to in ["initech", "hooli"] {
            hanging.push(stage.send_to(0, to, &format!("{to}-{number}.csv"), format!("n\n{number}\n")).await);
        }
    }
    // Of eight places the two hold six at most: one of them half, the other half of the rest, or three each.
    until_so("the receivers hang", async || silent.begun() + dripping.begun() == 6).await;

    let mut sent = vec![];
    for number in 0..OTHERS {
        for to in ["globex", "umbrella"] {
            sent.push(stage.send_to(0, to, &format!("{to}-{number}.csv"), format!("n\n{number}\n")).await);
        }
    }
    for id in &sent {
        stage.finished(id).await;
    }
    assert_eq!(stage.inbox.received().len(), OTHERS);
    assert!(flooding.begun() <= OTHERS, "an answer of a gibibyte is no reason to repeat: {}", flooding.begun());
    assert_eq!(silent.begun() + dripping.begun(), 6, "the others did not wait for one of these to end");
    assert_eq!(silent.ended() + dripping.ended(), 0);
    for id in &hanging {
        let state = stage.graphql("query($id: ID!) { transfer(id: $id) { state } }", json!({ "id": id })).await;
        assert_ne!(state["transfer"]["state"], "FINISHED");
    }
}

const PART: u64 = 8 * 1024 * 1024;

/// Who tried to deliver to that receiver, and from which byte on.
const ATTEMPTS: &str =
    "query { deliveries(first: 50) { nodes { receiver { slug } state attempts { fromOffset outcome } } } }";

fn attempts(of: &Value, receiver: &str) -> Vec<Value> {
    let nodes = of["deliveries"]["nodes"].as_array().expect("a list");
    let found = nodes.iter().filter(|it| it["receiver"]["slug"] == receiver && it["state"] == "DELIVERED");
    found.flat_map(|it| it["attempts"].as_array().expect("a list").clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_object_is_gone_on_with_where_a_killed_host_left_it() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    let s3 = stage.services.endpoints().s3.clone().expect("S3 was started");
    let proxy = Proxy::before(&s3.endpoint).await;
    stage.agrees("acme", "initech").await;
    stage.keeps("initech", "keys", &format!("{}:{}", s3.access_key, s3.secret_key)).await;
    // Any bucket does; the gate's own is there already.
    let endpoint =
        json!({ "s3": { "bucket": "lockgate", "prefix": "inbox/", "url": proxy.url(), "credentialsSecret": "keys" } });
    stage.receives_at("initech", endpoint).await;
    // Three parts arrive, and nobody ever answers to the fourth.
    proxy.breaks_after(Kind::Part, 3, Fault::Silence);
    let content = "a line of a large file\n".repeat(usize::try_from(5 * PART / 23).expect("small"));
    let id = stage.send_to(0, "initech", "large.csv", content).await;
    until_so("the fourth part is under way", async || proxy.seen(Kind::Part) >= 4).await;

    stage.kill(0);
    let before = proxy.seen(Kind::Part);
    proxy.mend();
    stage.start(0);
    stage.ready(0).await;
    stage.finished(&id).await;
    let delivered = stage.graphql(ATTEMPTS, json!({})).await;
    let from = attempts(&delivered, "initech").last().expect("an attempt")["fromOffset"].as_u64().expect("it went on");
    assert_eq!((from % PART, proxy.seen(Kind::Create)), (0, 1), "the upload of the killed host was completed");
    let missing = 5 - usize::try_from(from / PART).expect("few parts");
    assert_eq!(proxy.seen(Kind::Part) - before, missing, "no part that had landed was sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_gate_takes_a_large_file_by_tus_over_a_line_that_breaks() {
    let line = Line::cut_after(12 * 1024 * 1024).await;
    let mut stage = Stage::set_with(&[("LOCKGATE_HTTP__PUBLIC_URL", &line.url)]).await;
    stage.ready(0).await;
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    // The second gate is the same host at the other end of the line: what comes there, globex sends to hooli.
    line.leads_to(&stage.api(0));
    let token = stage.token("globex");
    stage.receives("globex", "hooli", &stage.inbox.url()).await;
    stage.agrees("acme", "initech").await;
    stage.keeps("initech", "token", &token).await;
    let metadata = json!([{ "name": "to", "value": "hooli" }]);
    let endpoint = json!({ "http": {
        "url": format!("{}/uploads", line.url), "bearerSecret": "token", "tus": { "metadata": metadata },
    } });
    stage.receives_at("initech", endpoint).await;
    let content = "a line of a large file\n".repeat(usize::try_from(3 * PART / 23).expect("small"));
    let id = stage.send_to(0, "initech", "large.csv", content).await;
    stage.finished(&id).await;
    assert_eq!(line.cuts(), 1);
    let delivered = stage.graphql(ATTEMPTS, json!({})).await;
    let tried = attempts(&delivered, "initech");
    assert_eq!(tried.len(), 2, "{tried:?}");
    assert!(tried[1]["fromOffset"].as_u64().is_some_and(|from| from >= PART), "{tried:?}");
    until_so("the second gate hands it on", async || stage.inbox.arrived().len() == 1).await;
}
