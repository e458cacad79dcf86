//! What a partner is told when a host turns one of its channels off, and who waits for webhooks that hang: nobody.

use std::collections::BTreeSet;

use lockgate_testkit::waiting::{until, until_so};
use serde_json::json;

use super::hanging::{Hanging, Manner};
use super::stage::Stage;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

impl Stage {
    async fn channel(&self, partner: &str, name: &str, url: &str, events: &[&str]) {
        let add = "mutation($input: CreateChannelInput!) { createChannel(input: $input) { channel { id } } }";
        let webhook = json!({ "url": url, "signingSecret": "signing" });
        let input = json!({ "partner": partner, "name": name, "webhook": webhook, "events": events });
        self.graphql(add, json!({ "input": input })).await;
    }

    /// The house tells these channels of these events.
    async fn told_by_the_house(&self, told: &[(&str, &str)]) {
        let message = |(channel, event): &(&str, &str)| {
            json!({
                "events": [event], "channel": channel, "title": "{{ channel.name }}", "text": "{{ reason }}",
            })
        };
        let messages: Vec<_> = told.iter().map(message).collect();
        let plugin = self.plugin("notify-template").await;
        let events: BTreeSet<_> = told.iter().map(|(_, event)| event.to_uppercase().replace('.', "_")).collect();
        let tell = json!({
            "name": "tell", "hook": "NOTIFY", "plugin": plugin, "events": events, "settings": { "messages": messages },
        });
        let input = json!({ "owner": "house", "side": "INBOUND", "bindings": [tell], "note": "tells" });
        let publish = "mutation($input: PublishRevisionInput!) {
            publishRevision(input: $input) { revision { id bindings { events } } } }";
        let published = &self.graphql(publish, json!({ "input": input })).await["publishRevision"]["revision"];
        assert_eq!(published["bindings"][0]["events"], json!(events));
        let input = json!({ "revision": published["id"] });
        let activate =
            "mutation($input: ActivateRevisionInput!) { activateRevision(input: $input) { revision { number } } }";
        self.graphql(activate, json!({ "input": input })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_hears_by_another_channel_that_one_is_turned_off_and_why() {
    let mut stage = Stage::set().await;
    stage.ready(0).await;
    stage.ready(1).await;
    stage.introduce("acme", "globex").await;
    for partner in ["acme", "globex"] {
        stage.keeps(partner, "signing", SECRET).await;
    }
    stage.channel("acme", "hook", &stage.inbox.webhook("gone"), &[]).await;
    stage.channel("acme", "operations", &stage.inbox.webhook("operations"), &["CHANNEL_DISABLED"]).await;
    stage.channel("acme", "busy", &stage.inbox.webhook("busy"), &["TRANSFER_FINISHED"]).await;
    stage.channel("globex", "operations", &stage.inbox.webhook("foreign"), &[]).await;
    let off = "channel.disabled";
    stage.told_by_the_house(&[("hook", "transfer.received"), ("hook", off), ("operations", off), ("busy", off)]).await;

    let id = stage.send(0, "one.csv", "name,amount\nann,1\n".to_owned()).await;
    let query = "query($id: ID!) {
        partner(named: \"acme\") { channels { name enabled disabled { reason } } }
        transfer(id: $id) { provenance(last: 50) { nodes { kind details } } notifications { event state channels } } }";
    let told = |answer: &serde_json::Value| {
        let all = answer["transfer"]["notifications"].as_array().expect("a list");
        all.iter().any(|it| it["event"] == "channel.disabled" && it["state"] == "SENT")
    };
    let answer = stage.until("the other channel is told", query, json!({ "id": id }), told).await;
    let hook = &answer["partner"]["channels"][0];
    assert_eq!((&hook["name"], &hook["enabled"]), (&"hook".into(), &false.into()));
    let off: Vec<_> = answer["transfer"]["provenance"]["nodes"].as_array().expect("a list").iter().collect();
    let off: Vec<_> = off.into_iter().filter(|it| it["kind"] == "channel-disabled").collect();
    assert_eq!(off.len(), 1, "{answer}");
    assert_eq!(
        (&off[0]["details"]["channel"], &off[0]["details"]["reason"]),
        (&"hook".into(), &hook["disabled"]["reason"])
    );

    let messages = stage.inbox.messages();
    let to = |name: &str| messages.iter().filter(|(to, _)| to == name).map(|(_, it)| it.clone()).collect::<Vec<_>>();
    assert_eq!(to("gone").len(), 1, "nothing goes to the one that is off: {messages:?}");
    assert_eq!(to("operations").len(), 1);
    let data = &to("operations")[0]["data"];
    assert_eq!((&data["title"], &data["text"]), (&"hook".into(), &hook["disabled"]["reason"]));
    assert_eq!(to("operations")[0]["type"], "channel.disabled");
    assert!(to("busy").is_empty() && to("foreign").is_empty(), "{messages:?}");
    stage.finished(&id).await;
    assert!(stage.stop().await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_that_hang_in_all_of_a_partners_places_keep_no_transfer_waiting() {
    // Three quarters of the four there are.
    const PLACES: usize = 3;
    // So that whatever hangs outlasts the test: nothing here depends on when it is given up.
    let patient = [("LOCKGATE_CONNECTORS__IDLE_TIMEOUT_MS", "3600000"), ("LOCKGATE_WORKERS__MESSAGES", "4")];
    let mut stage = Stage::set_with(&patient).await;
    stage.ready(0).await;
    // One host alone, so that there is nobody else to do the work.
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    stage.keeps("acme", "signing", SECRET).await;
    let hanging = Hanging::start(Manner::Silent).await;
    let names: Vec<_> = (0..2 * PLACES).map(|it| format!("hook-{it}")).collect();
    for name in &names {
        stage.channel("acme", name, &hanging.url, &[]).await;
    }
    let told: Vec<_> = names.iter().map(|name| (name.as_str(), "transfer.received")).collect();
    stage.told_by_the_house(&told).await;

    stage.send(0, "first.csv", "n\n0\n".to_owned()).await;
    until_so("all places that one partner may have are taken", async || hanging.begun() == PLACES).await;
    let mut sent = vec![];
    for number in 1..=10 {
        sent.push(stage.send(0, &format!("file-{number}.csv"), format!("n\n{number}\n")).await);
    }
    for id in &sent {
        stage.finished(id).await;
    }
    assert_eq!((hanging.begun(), hanging.ended()), (PLACES, 0), "nobody waited for one of these to end");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_beyond_a_hosts_room_come_as_fast_as_they_are_worked_off() {
    const TRANSFERS: usize = 40;
    const CHANNELS: usize = 10;
    // One message at a time, and room for few to wait, so that many have to be looked for. The host seldom does: were one
    // found each time, they would take an hour.
    let narrow = [
        ("LOCKGATE_WORKERS__MESSAGES", "1"),
        ("LOCKGATE_WORKERS__QUEUED", "1"),
        ("LOCKGATE_WORKERS__ADOPT_MS", "10000"),
    ];
    let mut stage = Stage::set_with(&narrow).await;
    stage.ready(0).await;
    stage.kill(1);
    stage.introduce("acme", "globex").await;
    stage.keeps("acme", "signing", SECRET).await;
    let names: Vec<_> = (0..CHANNELS).map(|it| format!("hook-{it}")).collect();
    for name in &names {
        stage.channel("acme", name, &stage.inbox.webhook(name), &[]).await;
    }
    let told: Vec<_> = names.iter().map(|name| (name.as_str(), "transfer.received")).collect();
    stage.told_by_the_house(&told).await;
    for number in 0..TRANSFERS {
        stage.send(0, &format!("file-{number}.csv"), format!("n\n{number}\n")).await;
    }
    until("all are told", async || {
        let messages = stage.inbox.messages().len();
        if messages >= TRANSFERS * CHANNELS { Ok(()) } else { Err(messages) }
    })
    .await;
    let metrics = stage.metrics(0).await;
    let ended =
        |it: &&str| it.starts_with("lockgate_work_ended") && it.contains("notification") && it.contains("polled");
    assert!(metrics.lines().any(|it| ended(&it)), "there was room for all: {metrics}");
}
