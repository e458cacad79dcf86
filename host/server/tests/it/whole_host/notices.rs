//! What a partner is told when a host turns one of its channels off.

use std::time::Duration;

use serde_json::json;

use super::stage::Stage;

const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

impl Stage {
    async fn channel(&self, partner: &str, name: &str, webhook: &str, events: &[&str]) {
        let add = "mutation($input: CreateChannelInput!) { createChannel(input: $input) { channel { id } } }";
        let webhook = json!({ "url": self.webhook(webhook), "signingSecret": "signing" });
        let input = json!({ "partner": partner, "name": name, "webhook": webhook, "events": events });
        self.graphql(add, json!({ "input": input })).await;
    }

    /// Tells of what is received by `hook`, and of what is turned off by all that listen to it.
    async fn told_by_the_house(&self) {
        let message = |channel, event| {
            json!({
                "events": [event], "channel": channel, "title": "{{ channel.name }}", "text": "{{ reason }}",
            })
        };
        let messages = json!([
            message("hook", "transfer.received"),
            message("hook", "channel.disabled"),
            message("operations", "channel.disabled"),
            message("busy", "channel.disabled"),
        ]);
        let plugin = self.plugin("notify-template").await;
        let tell = json!({ "name": "tell", "hook": "NOTIFY", "plugin": plugin, "settings": { "messages": messages } });
        let input = json!({ "owner": "house", "side": "INBOUND", "bindings": [tell], "note": "tells" });
        let publish = "mutation($input: PublishRevisionInput!) { publishRevision(input: $input) { revision { id } } }";
        let published = self.graphql(publish, json!({ "input": input })).await;
        let input = json!({ "revision": published["publishRevision"]["revision"]["id"] });
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
        let put = "mutation($input: PutSecretInput!) { putSecret(input: $input) { name } }";
        let input = json!({ "owner": partner, "name": "signing", "value": SECRET });
        stage.graphql(put, json!({ "input": input })).await;
    }
    stage.channel("acme", "hook", "gone", &[]).await;
    stage.channel("acme", "operations", "operations", &["CHANNEL_DISABLED"]).await;
    stage.channel("acme", "busy", "busy", &["TRANSFER_FINISHED"]).await;
    stage.channel("globex", "operations", "foreign", &[]).await;
    stage.told_by_the_house().await;

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

    let messages = stage.messages();
    let to = |name: &str| messages.iter().filter(|(to, _)| to == name).map(|(_, it)| it.clone()).collect::<Vec<_>>();
    assert_eq!(to("gone").len(), 1, "nothing goes to the one that is off: {messages:?}");
    assert_eq!(to("operations").len(), 1);
    let data = &to("operations")[0]["data"];
    assert_eq!((&data["title"], &data["text"]), (&"hook".into(), &hook["disabled"]["reason"]));
    assert_eq!(to("operations")[0]["type"], "channel.disabled");
    assert!(to("busy").is_empty() && to("foreign").is_empty(), "{messages:?}");
    assert_eq!(stage.end_of(&id, Duration::from_secs(60)).await, "FINISHED");
    assert!(stage.stop().await.success());
}
