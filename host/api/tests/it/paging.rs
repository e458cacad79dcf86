//! Lists: both directions, both orders and filters agree with each other, and things are found again by their ids.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use lockgate_core::hook::Hook;
use lockgate_core::plugin::{Manifest, Scope};
use rstest::rstest;
use serde_json::{Value, json};

use crate::house::{House, code};

impl House {
    /// The house has a plugin of that name.
    async fn publish(&self, name: &str) {
        self.runner.describes(Manifest {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            description: "Looks on.".to_owned(),
            hooks: vec![Hook::Validate],
            scope: Scope::Record,
            framings: vec![],
            capabilities: vec![],
            settings_schema: json!({}),
        });
        let request = Request::post("/plugins?owner=house")
            .header("authorization", format!("Bearer {}", self.operator()))
            .header("content-type", "application/wasm")
            .body(Body::from(name.to_owned()))
            .expect("a request");
        assert_eq!(self.send(request).await.status, StatusCode::CREATED);
    }
}

/// The slugs, names or ids of a page.
fn shown(page: &Value, field: &str) -> Vec<String> {
    let nodes = page["nodes"].as_array().unwrap_or_else(|| panic!("{page}"));
    nodes.iter().map(|it| it[field].as_str().expect("a text").to_owned()).collect()
}

async fn page(house: &House, list: &str, arguments: &str) -> Value {
    let fields = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";
    let item = if list == "partners" { "slug" } else { "fileName" };
    let query = format!("{{ {list}({arguments}) {{ nodes {{ {item} }} {fields} }} }}");
    let answer = house.ask(&house.operator(), &query, json!({})).await;
    assert!(answer.get("errors").is_none(), "{arguments}: {answer}");
    answer["data"][list].clone()
}

#[rstest]
#[case("NEWEST_FIRST", ["5", "4", "3", "2", "1"])]
#[case("OLDEST_FIRST", ["1", "2", "3", "4", "5"])]
#[tokio::test]
async fn walks_a_list_to_its_end_and_back_in_either_order(#[case] order: &str, #[case] expected: [&str; 5]) {
    let house = House::new().await;
    for name in ["1", "2", "3", "4", "5"] {
        house.hand_in(name, b"abc").await;
    }
    let mut forwards = Vec::new();
    let mut after = String::new();
    loop {
        let found = page(&house, "transfers", &format!("first: 2, order: {order}{after}")).await;
        assert_eq!(found["pageInfo"]["hasPreviousPage"], !after.is_empty());
        forwards.extend(shown(&found, "fileName"));
        after = format!(", after: {}", found["pageInfo"]["endCursor"]);
        if found["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!(forwards, expected);
    let mut backwards = Vec::new();
    let mut before = String::new();
    loop {
        let found = page(&house, "transfers", &format!("last: 2, order: {order}{before}")).await;
        let mut part = shown(&found, "fileName");
        part.extend(backwards);
        backwards = part;
        before = format!(", before: {}", found["pageInfo"]["startCursor"]);
        if found["pageInfo"]["hasPreviousPage"] == false {
            break;
        }
    }
    assert_eq!(backwards, expected);
}

#[tokio::test]
async fn turns_agreements_and_plugins_round_as_it_does_other_lists() {
    let house = House::new().await;
    for (name, receiver) in [("words", "acme"), ("sums", "globex")] {
        house.clock.advance(Duration::from_secs(1));
        let input = json!({ "input": { "sender": "initech", "receiver": receiver } });
        let agree = "mutation($input: CreateAgreementInput!) { createAgreement(input: $input) { agreement { id } } }";
        let agreed = house.ask(&house.operator(), agree, input).await;
        assert!(agreed.get("errors").is_none(), "{agreed}");
        house.publish(name).await;
    }
    let expected = [
        // The house of these tests begins with an agreement of acme with globex.
        ("agreements", "sender { slug } receiver { slug }", "acme", "initech"),
        ("plugins", "name", "words", "sums"),
    ];
    for (list, field, oldest, newest) in expected {
        let nodes = async |order: &str| {
            let query = format!("{{ {list}{order} {{ nodes {{ {field} }} }} }}");
            let answer = house.ask(&house.operator(), &query, json!({})).await;
            answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
        };
        let (usual, mut turned) = (nodes("").await, nodes("(order: OLDEST_FIRST)").await);
        assert!(turned[0].to_string().contains(oldest) && usual[0].to_string().contains(newest), "{turned:?}");
        assert_eq!(nodes("(order: NEWEST_FIRST)").await, usual);
        turned.reverse();
        assert_eq!(turned, usual);
    }
}

#[tokio::test]
async fn keeps_a_place_in_a_list_while_it_grows() {
    let house = House::new().await;
    for name in ["1", "2", "3"] {
        house.hand_in(name, b"abc").await;
    }
    let first = page(&house, "transfers", "first: 1").await;
    house.hand_in("4", b"abc").await;
    let cursor = &first["pageInfo"]["endCursor"];
    let rest = page(&house, "transfers", &format!("first: 5, after: {cursor}")).await;
    assert_eq!(shown(&rest, "fileName"), ["2", "1"], "nothing twice, nothing skipped");
    let newer = page(&house, "transfers", &format!("last: 5, before: {cursor}")).await;
    assert_eq!(shown(&newer, "fileName"), ["4"]);
    let other_way = page(&house, "transfers", &format!("first: 5, order: OLDEST_FIRST, after: {cursor}")).await;
    assert_eq!(shown(&other_way, "fileName"), ["4"], "a cursor is a place, whatever the order");
}

#[rstest]
#[case("first: 100", &["acme", "globex", "initech"])]
#[case("order: OLDEST_FIRST", &["acme", "globex", "initech"])]
#[case(r#"filter: { slugPrefix: "in" }"#, &["initech"])]
#[case(r#"filter: { slugPrefix: "%" }"#, &[])]
#[case("filter: { status: SUSPENDED }", &[])]
#[case("filter: { status: ACTIVE }", &["acme", "globex", "initech"])]
#[case(r#"filter: { status: ACTIVE, slugPrefix: "glo" }, first: 1"#, &["globex"])]
#[tokio::test]
async fn filters_partners(#[case] arguments: &str, #[case] expected: &[&str]) {
    let house = House::new().await;
    let mut found = shown(&page(&house, "partners", arguments).await, "slug");
    // They were all made in one moment, so their ids are in no order of making.
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn filters_consignments_and_deliveries_by_what_they_belong_to() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    house.hand_in("b.txt", b"abc").await;
    house.work().await;
    let count = async |token: &str, list: &str, filter: &str| {
        let query = format!("{{ {list}(filter: {{ {filter} }}) {{ nodes {{ id }} }} }}");
        let answer = house.ask(token, &query, json!({})).await;
        answer["data"][list]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    };
    let globex = house.token(&house.globex);
    assert_eq!(count(&globex, "consignments", "").await, 2);
    assert_eq!(count(&globex, "consignments", &format!("transfer: {id:?}")).await, 1);
    assert_eq!(count(&globex, "consignments", r#"sender: "acme", receiver: "globex""#).await, 2);
    assert_eq!(count(&globex, "consignments", r#"sender: "globex""#).await, 0);
    assert_eq!(count(&house.operator(), "consignments", r#"receiver: "initech""#).await, 0);
    assert_eq!(count(&house.token(&house.acme), "consignments", &format!("transfer: {id:?}")).await, 0, "not its own");
    assert_eq!(count(&globex, "deliveries", &format!("transfer: {id:?}, states: [DELIVERED, SCHEDULED]")).await, 0);
    let wrong =
        house.ask(&globex, r#"{ deliveries(filter: { destination: "trf_1" }) { nodes { id } } }"#, json!({})).await;
    assert_eq!(code(&wrong), "INVALID_ID");
}

#[tokio::test]
async fn filters_policies_by_owner_and_side() {
    let house = House::new().await;
    let publish = "mutation($owner: String!, $side: Side!) {
        publishRevision(input: { owner: $owner, side: $side, note: \"empty\", bindings: [] }) { revision { id } } }";
    for (owner, side) in [("house", "INBOUND"), ("acme", "INBOUND"), ("acme", "OUTBOUND")] {
        let made = house.ask(&house.operator(), publish, json!({ "owner": owner, "side": side })).await;
        assert!(made.get("errors").is_none(), "{made}");
    }
    for (filter, expected) in [
        ("", 3),
        (r#"owner: "house""#, 1),
        (r#"owner: "acme""#, 2),
        (r#"owner: "acme", side: OUTBOUND"#, 1),
        ("side: INBOUND", 2),
        (r#"owner: "globex""#, 0),
    ] {
        let query = format!("{{ policies(filter: {{ {filter} }}) {{ nodes {{ side }} }} }}");
        let answer = house.ask(&house.operator(), &query, json!({})).await;
        assert_eq!(answer["data"]["policies"]["nodes"].as_array().map(Vec::len), Some(expected), "{filter}: {answer}");
    }
}

#[tokio::test]
async fn finds_many_things_by_id_in_order_with_one_read_for_each_kind() {
    let house = House::new().await;
    let mut ids = Vec::new();
    for name in ["1", "2", "3"] {
        ids.push(house.hand_in(name, b"abc").await);
    }
    ids.insert(1, house.acme.id.to_string());
    ids.push("trf_0193a000000070008000000000000009".to_owned());
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let reads = house.reads.made();
    let seen = house.ask(&house.token(&house.acme), query, json!({ "ids": ids })).await;
    assert_eq!(house.reads.made() - reads, 2, "transfers, and partners");
    let expected: Vec<_> = ids[..4].iter().map(|id| json!({ "id": id })).chain([Value::Null]).collect();
    assert_eq!(seen["data"]["nodes"], json!(expected), "{seen}");
    let foreign = house.ask(&house.token(&house.stranger), query, json!({ "ids": ids })).await;
    assert_eq!(foreign["data"]["nodes"], json!([null, null, null, null, null]), "{foreign}");
    for (ids, expected) in [(vec!["nonsense".to_owned()], "INVALID_ID"), (vec![ids[0].clone(); 101], "PAGE_TOO_LARGE")]
    {
        assert_eq!(code(&house.ask(&house.operator(), query, json!({ "ids": ids })).await), expected);
    }
}
