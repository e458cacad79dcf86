//! The shipped operations, executed: policies set up, transfers judged and delivered, and each side's answer.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lockgate_core::delivery::{Answer as DeliveryAnswer, Cause};
use lockgate_core::finding::Severity;
use lockgate_core::hook::Hook;
use lockgate_core::plugin::{Manifest, Scope};
use lockgate_core::policy::Owner;
use lockgate_core::ports::{Conclusion, RawFinding, RawFindings, RawPlace, Vault};
use serde_json::{Value, json};

use crate::house::{House, code};

macro_rules! operation {
    ($name:literal) => {
        include_str!(concat!("../../../../graphql/operations/", $name, ".graphql"))
    };
}

impl House {
    /// Asks, and gives the data of an answer without errors.
    async fn data(&self, token: &str, operation: &str, variables: Value) -> Value {
        let answer = self.ask(token, operation, variables).await;
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    /// Globex refuses or holds records with certain words; set up by its integrator, through the API alone.
    async fn globex_is_careful(&self) {
        self.runner.describes(Manifest {
            name: "words".to_owned(),
            version: "1.0.0".to_owned(),
            description: "Refuses words.".to_owned(),
            hooks: vec![Hook::Validate],
            scope: Scope::Record,
            framings: vec!["lines".to_owned(), "csv".to_owned()],
            capabilities: vec![],
            settings_schema: json!({}),
        });
        let complain = |word: &str, severity| RawFinding {
            rule: "word".to_owned(),
            severity,
            message: format!("`{word}` must not reach us"),
            place: Some(RawPlace { position: 0, start: 0, end: 1, pointer: String::new() }),
        };
        self.runner.validates(
            "words",
            move |batch| {
                let text = String::from_utf8_lossy(&batch.records.data).into_owned();
                let refused = text.contains("secret").then(|| complain("secret", Severity::Refuse));
                let held = text.contains("doubt").then(|| complain("doubt", Severity::Hold));
                Ok(RawFindings { items: refused.into_iter().chain(held).collect(), dropped: 0 })
            },
            || Ok(Conclusion::default()),
        );
        let publish = || {
            Request::post("/plugins")
                .header("authorization", format!("Bearer {}", self.integrator(&self.globex)))
                .header("content-type", "application/wasm")
                .body(Body::from("a component"))
                .expect("a request")
        };
        let published = self.send(publish()).await;
        assert_eq!(published.status, StatusCode::CREATED, "{}", String::from_utf8_lossy(&published.body));
        assert_eq!(self.send(publish()).await.status, StatusCode::OK, "the same build is there already");
        assert_eq!(published.json()["name"], "words");
        let input = json!({ "input": { "owner": "globex", "side": "OUTBOUND", "note": "first", "bindings": [{
            "name": "words", "hook": "VALIDATE", "plugin": published.json()["digest"],
            "framing": { "kind": "LINES" }, "limits": { "deadlineMs": 1000 },
        }] } });
        let integrator = self.integrator(&self.globex);
        let draft = self.data(&integrator, operation!("publish-revision"), input).await;
        let revision = &draft["publishRevision"]["revision"];
        assert_eq!((&revision["rollout"], &revision["number"]), (&json!("DRAFT"), &json!(1)));
        let active = self.data(&integrator, operation!("activate-revision"), json!({ "id": revision["id"] })).await;
        assert_eq!(active["activateRevision"]["revision"]["rollout"], "ACTIVE");
    }

    async fn globex_has_a_destination(&self) {
        let input = json!({ "input": { "partner": "globex", "name": "inbox",
            "endpoint": { "http": { "url": "https://globex.example/inbox" } } } });
        self.data(&self.token(&self.globex), operation!("create-destination"), input).await;
    }
}

#[tokio::test]
async fn tells_each_side_why_globex_did_not_get_the_invoice() {
    let house = House::new().await;
    house.globex_is_careful().await;
    house.hand_in("invoice-812.xml", b"a secret").await;
    house.work().await;
    let variables = json!({ "fileName": "invoice-812.xml", "receiver": "globex" });
    let ask = async |token: String| {
        let data = house.data(&token, operation!("did-they-get-it"), variables.clone()).await;
        data["transfers"]["nodes"].clone()
    };
    let sender = ask(house.token(&house.acme)).await;
    let seen = &sender[0]["consignments"][0];
    assert_eq!(seen["state"], "REJECTED", "{sender}");
    assert!(seen["reason"].is_string(), "the sender learns how it ended");
    assert_eq!((&seen["decision"], &seen["hold"]), (&Value::Null, &Value::Null), "but not what was found");
    let receiver = ask(house.token(&house.globex)).await;
    let decision = &receiver[0]["consignments"][0]["decision"];
    assert_eq!(decision["verdict"], "REJECT", "{receiver}");
    assert_eq!(decision["findings"][0]["rule"], "words/word");
    assert_eq!(decision["findings"][0]["place"]["line"], 1);
    assert_eq!(receiver[0]["decision"], Value::Null, "the sender's side is not the receiver's business");
    assert_eq!(ask(house.token(&house.stranger)).await, json!([]));
    assert_eq!(ask(house.operator()).await[0]["consignments"][0]["decision"]["verdict"], "REJECT");
}

#[tokio::test]
async fn delivers_and_shows_attempts_to_the_receiver_only() {
    let house = House::new().await;
    house.globex_is_careful().await;
    house.globex_has_a_destination().await;
    let id = house.hand_in("a.txt", b"plain words").await;
    house.work().await;
    let ask = async |token: String, text: &str| house.data(&token, text, json!({ "id": id })).await["transfer"].clone();
    let receiver = ask(house.token(&house.globex), operation!("transfer")).await;
    let consignment = &receiver["consignments"][0];
    assert_eq!(consignment["state"], "DELIVERED", "{receiver}");
    assert_eq!(consignment["deliveries"][0]["attempts"][0]["outcome"], "TAKEN");
    assert_eq!(consignment["deliveries"][0]["destination"]["name"], "inbox");
    assert_eq!((&receiver["source"], &receiver["upload"]), (&Value::Null, &Value::Null));
    assert_eq!(receiver["receivers"], json!([{ "slug": "globex", "name": "GLOBEX" }]));
    let sender = ask(house.token(&house.acme), operation!("transfer")).await;
    assert_eq!(sender["consignments"][0]["state"], "DELIVERED");
    assert_eq!(sender["consignments"][0]["deliveries"], json!([]));
    assert_eq!(sender["consignments"][0]["released"], Value::Null);
    assert_eq!(sender["state"], "FINISHED");
    for (token, sees_details) in [(house.token(&house.acme), false), (house.token(&house.globex), true)] {
        let chain = ask(token, operation!("provenance")).await["provenance"]["nodes"].clone();
        let delivered = chain.as_array().expect("steps").iter().find(|it| it["kind"] == "delivered");
        let delivered = delivered.unwrap_or_else(|| panic!("{chain}"));
        assert_eq!(delivered["details"] != json!({}), sees_details, "{delivered}");
    }
    let url = consignment["released"]["url"].as_str().expect("a URL").replace("https://lockgate.example", "");
    let fetch = Request::get(url).header("authorization", format!("Bearer {}", house.token(&house.globex)));
    let fetched = house.send(fetch.body(Body::empty()).expect("a request")).await;
    assert_eq!(fetched.body, b"plain words");
}

#[tokio::test]
async fn lets_the_receiver_decide_about_what_it_holds() {
    let house = House::new().await;
    house.globex_is_careful().await;
    house.hand_in("a.txt", b"a doubt").await;
    house.hand_in("b.txt", b"another doubt").await;
    house.work().await;
    let globex = house.token(&house.globex);
    let held = house.data(&globex, operation!("held"), json!({})).await;
    let ids: Vec<_> = held["consignments"]["nodes"].as_array().expect("a list").iter().map(|it| &it["id"]).collect();
    assert_eq!(ids.len(), 2, "{held}");
    let decide = |id: &Value| json!({ "id": id, "reason": "looked at it" });
    let sender = house.ask(&house.token(&house.acme), operation!("release-hold"), decide(ids[0])).await;
    assert_eq!(code(&sender), "FORBIDDEN");
    let stranger = house.ask(&house.token(&house.stranger), operation!("release-hold"), decide(ids[0])).await;
    assert_eq!(code(&stranger), "CONSIGNMENT_NOT_FOUND");
    let released = house.data(&globex, operation!("release-hold"), decide(ids[0])).await;
    assert_eq!(released["releaseHold"]["consignment"]["state"], "AVAILABLE");
    let refused = house.data(&globex, operation!("refuse-hold"), decide(ids[1])).await;
    assert_eq!(refused["refuseHold"]["consignment"]["state"], "REJECTED");
    let again = house.ask(&globex, operation!("release-hold"), decide(ids[0])).await;
    assert_eq!(code(&again), "ILLEGAL_MOVE");
}

#[tokio::test]
async fn redrives_a_dead_letter_under_the_same_id() {
    let house = House::new().await;
    house.globex_has_a_destination().await;
    house.connector.will_answer(DeliveryAnswer::refused(Cause::Refused, "401"));
    house.hand_in("a.txt", b"words").await;
    house.work().await;
    let globex = house.token(&house.globex);
    let dead = house.data(&globex, operation!("dead-letters"), json!({})).await["deadLetters"]["nodes"].clone();
    assert_eq!(dead[0]["lastError"], "401", "{dead}");
    assert_eq!(dead[0]["destination"]["endpoint"]["url"], "https://globex.example/inbox");
    let variables = json!({ "id": dead[0]["id"], "reason": "the credential was renewed" });
    let foreign = house.ask(&house.token(&house.acme), operation!("redrive-delivery"), variables.clone()).await;
    assert_eq!(code(&foreign), "DELIVERY_NOT_FOUND");
    let redriven = house.data(&globex, operation!("redrive-delivery"), variables).await;
    assert_eq!(redriven["redriveDelivery"]["delivery"]["id"], dead[0]["id"]);
    house.work().await;
    let node = house.data(&globex, operation!("node"), json!({ "id": dead[0]["id"] })).await;
    assert_eq!(node["node"]["state"], "DELIVERED", "{node}");
    let ids: Vec<_> = house.connector.seen().into_iter().map(|it| it.delivery.id).collect();
    assert_eq!((ids.len(), ids[0]), (2, ids[1]));
}

#[tokio::test]
async fn sets_up_what_a_partner_needs() {
    let house = House::new().await;
    let globex = house.token(&house.globex);
    let input = json!({ "secret": { "owner": "globex", "name": "hook", "value": "d2hzZWNfYTJWNQ==", "encoding": "BASE64" },
        "channel": { "partner": "globex", "name": "ops",
                     "webhook": { "url": "https://globex.example/hook", "signingSecret": "hook" } } });
    let made = house.data(&globex, operation!("create-webhook"), input.clone()).await;
    assert_eq!(made["createChannel"]["channel"]["signingSecret"], "hook");
    let mut again = input;
    again["secret"]["value"] = json!("d2hzZWNfYm90aGVycw==");
    let again = house.ask(&globex, operation!("create-webhook"), again).await;
    assert_eq!(code(&again), "NAME_TAKEN", "{again}");
    let kept = house.vault.secret(Owner::Partner(house.globex.id), "hook").await.expect("memory answers");
    assert_eq!(kept.expect("it is there").expose(), b"whsec_a2V5", "a repeat leaves the secret alone");
    let rotated = json!({ "input": { "owner": "globex", "name": "hook", "value": "bmV3", "graceSeconds": 86_400 } });
    house.data(&globex, operation!("rotate-secret"), rotated).await;
    let endless = json!({ "input": { "owner": "globex", "name": "hook", "value": "bmV3", "graceSeconds": 604_801 } });
    assert_eq!(code(&house.ask(&globex, operation!("rotate-secret"), endless).await), "INVALID_SECRET");
    let id = &made["createChannel"]["channel"]["id"];
    let quiet = json!({ "input": { "channel": id, "events": ["TRANSFER_FINISHED"], "enabled": false } });
    let changed = house.data(&globex, operation!("update-channel"), quiet.clone()).await;
    let channel = &changed["updateChannel"]["channel"];
    assert_eq!((&channel["events"], &channel["enabled"]), (&json!(["TRANSFER_FINISHED"]), &json!(false)));
    assert_eq!(channel["url"], "https://globex.example/hook", "what is absent stays");
    let foreign = house.ask(&house.token(&house.acme), operation!("update-channel"), quiet).await;
    assert_eq!(code(&foreign), "CHANNEL_NOT_FOUND", "{foreign}");
    house.globex_has_a_destination().await;
    let viewer = house.data(&globex, operation!("viewer"), json!({})).await["viewer"].clone();
    assert_eq!(viewer["partner"]["channels"][0]["name"], "ops");
    assert_eq!(viewer["partner"]["destinations"][0]["kind"], "http");
    let table = json!({ "input": { "owner": "globex", "name": "codes", "entries": [{ "key": "a", "value": "1" }] } });
    let stored = house.data(&house.integrator(&house.globex), operation!("put-lookup-table"), table).await;
    assert_eq!(stored["putLookupTable"], json!({ "name": "codes", "version": 1 }));
    house.globex_is_careful().await;
    let policies = house.data(&house.integrator(&house.globex), operation!("policies"), json!({})).await;
    let binding = &policies["policies"]["nodes"][0]["revisions"]["nodes"][0]["bindings"][0];
    assert_eq!(binding["failureMode"], "REJECT", "{policies}");
    assert_eq!(binding["framing"]["kind"], "lines");
    let publish = "mutation($input: PublishRevisionInput!) { publishRevision(input: $input) {
        revision { bindings { framing } } } }";
    let csv = json!({ "input": { "owner": "globex", "side": "OUTBOUND", "note": "second", "bindings": [{
        "name": "words", "hook": "VALIDATE", "plugin": binding["digest"],
        "framing": { "kind": "CSV", "delimiter": ";" },
    }] } });
    let draft = house.data(&house.integrator(&house.globex), publish, csv).await;
    let framing = &draft["publishRevision"]["revision"]["bindings"][0]["framing"];
    assert_eq!((&framing["kind"], &framing["delimiter"]), (&json!("csv"), &json!(";")), "{draft}");
    assert_eq!(binding["limits"]["deadline_ms"], 1000);
    assert_eq!(binding["plugin"]["name"], "words");
    let others = house.data(&house.integrator(&house.acme), operation!("policies"), json!({})).await;
    assert_eq!((&others["policies"]["nodes"], &others["plugins"]["nodes"]), (&json!([]), &json!([])));
    let partners = house.data(&house.token(&house.acme), operation!("partners"), json!({})).await;
    let slugs: Vec<_> =
        partners["partners"]["nodes"].as_array().expect("a list").iter().map(|it| &it["slug"]).collect();
    assert_eq!(slugs.len(), 2, "strangers are nobody's business: {slugs:?}");
}

#[tokio::test]
async fn refuses_components_that_are_none_or_too_large() {
    let house = House::with(|settings| settings.max_component_bytes = 1_000).await;
    let publish = |token: String, owner: &str, size: usize| {
        Request::post(format!("/plugins?owner={owner}"))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(vec![0; size]))
            .expect("a request")
    };
    for (token, owner, size, expected) in [
        (house.operator(), "house", 10, "PLUGIN_NOT_A_COMPONENT"),
        (house.operator(), "house", 2_000, "PLUGIN_TOO_LARGE"),
        (house.operator(), "nobody", 10, "PARTNER_NOT_FOUND"),
        (house.integrator(&house.acme), "house", 10, "FORBIDDEN"),
        (house.integrator(&house.acme), "globex", 10, "PARTNER_NOT_FOUND"),
        (house.token(&house.acme), "acme", 10, "FORBIDDEN"),
    ] {
        let answer = house.send(publish(token, owner, size)).await;
        assert_eq!(answer.code(), expected, "{owner} {size}");
    }
}
