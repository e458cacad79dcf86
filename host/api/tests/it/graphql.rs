//! GraphQL: answers within each side's sight, constant reads, and abuse refused before anything is read.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::house::{House, code};

const DID_THEY_GET_IT: &str = include_str!("../../../../graphql/operations/did-they-get-it.graphql");
const CREATE: &str = include_str!("../../../../graphql/operations/create-transfer.graphql");
const LIST: &str = include_str!("../../../../graphql/operations/list-transfers.graphql");

#[tokio::test]
async fn creates_a_transfer_once_per_idempotency_key() {
    let house = House::new().await;
    let token = house.token(&house.acme);
    let input = json!({ "input": { "to": ["globex"], "fileName": "a.txt", "size": 3, "idempotencyKey": "k1" } });
    let first = house.ask(&token, CREATE, input.clone()).await;
    let created = &first["data"]["createTransfer"];
    assert_eq!(created["repeated"], false, "{first}");
    assert_eq!(created["transfer"]["state"], "ANNOUNCED");
    assert_eq!(created["transfer"]["upload"]["length"], 3);
    let url = created["uploadUrl"].as_str().expect("a URL");
    assert!(url.starts_with("https://lockgate.example/uploads/upl_"), "{url}");
    let again = house.ask(&token, CREATE, input).await;
    assert_eq!(again["data"]["createTransfer"]["repeated"], true);
    assert_eq!(again["data"]["createTransfer"]["transfer"]["id"], created["transfer"]["id"]);
    let other = json!({ "input": { "to": ["globex"], "fileName": "b.txt", "size": 3, "idempotencyKey": "k1" } });
    assert_eq!(code(&house.ask(&token, CREATE, other).await), "IDEMPOTENCY_CONFLICT");
}

#[tokio::test]
async fn says_by_code_what_is_wrong_with_a_transfer() {
    let house = House::new().await;
    let cases = [
        (house.token(&house.acme), json!({ "to": ["initech"], "fileName": "a" }), "NO_AGREEMENT"),
        (house.token(&house.acme), json!({ "to": ["nobody"], "fileName": "a" }), "NO_AGREEMENT"),
        (house.token(&house.acme), json!({ "to": [], "fileName": "a" }), "NO_RECEIVERS"),
        (house.token(&house.acme), json!({ "to": ["globex"], "fileName": "../a" }), "INVALID_FILE_NAME"),
        (
            house.token(&house.acme),
            json!({ "to": ["globex"], "fileName": "a", "size": 2_000_000 }),
            "PAYLOAD_TOO_LARGE",
        ),
        (house.operator(), json!({ "to": ["globex"], "fileName": "a" }), "FORBIDDEN"),
    ];
    for (token, input, expected) in cases {
        let answer = house.ask(&token, CREATE, json!({ "input": input })).await;
        assert_eq!(code(&answer), expected, "{answer}");
    }
}

#[tokio::test]
async fn answers_did_they_get_it_within_each_sides_sight() {
    let house = House::new().await;
    let id = house.hand_in("invoice-812.xml", b"<invoice/>").await;
    let variables = json!({ "fileName": "invoice-812.xml", "receiver": "globex" });
    let sender = house.ask(&house.token(&house.acme), DID_THEY_GET_IT, variables.clone()).await;
    assert_eq!(sender["data"]["transfers"]["nodes"][0]["id"], json!(id), "{sender}");
    assert_eq!(sender["data"]["transfers"]["nodes"][0]["state"], "RECEIVED");
    let operator = house.ask(&house.operator(), DID_THEY_GET_IT, variables.clone()).await;
    assert_eq!(operator["data"]["transfers"]["nodes"][0]["sender"]["slug"], "acme");
    // Nothing was let out to the receiver yet: to it, as to a stranger, there is no such transfer.
    for partner in [&house.globex, &house.stranger] {
        let other = house.ask(&house.token(partner), DID_THEY_GET_IT, variables.clone()).await;
        assert_eq!(other["data"]["transfers"]["nodes"], json!([]), "{other}");
    }
}

#[tokio::test]
async fn gives_a_foreign_transfer_the_answer_of_one_that_is_not_there() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    let absent = "trf_0193a000000070008000000000000009";
    let token = house.token(&house.stranger);
    for query in ["query($id: ID!) { transfer(id: $id) { id } }", "query($id: ID!) { node(id: $id) { id } }"] {
        let foreign = house.ask(&token, query, json!({ "id": id })).await;
        assert_eq!(foreign, house.ask(&token, query, json!({ "id": absent })).await);
    }
    let cancel =
        "mutation($id: ID!) { cancelTransfer(input: { transfer: $id, reason: \"mine\" }) { transfer { id } } }";
    let foreign = house.ask(&token, cancel, json!({ "id": id })).await;
    let missing = house.ask(&token, cancel, json!({ "id": absent })).await;
    assert_eq!(code(&foreign), "TRANSFER_NOT_FOUND");
    assert_eq!(foreign.to_string().replace(&id, absent), missing.to_string());
}

#[tokio::test]
async fn reads_as_often_for_a_hundred_transfers_as_for_two() {
    let house = House::new().await;
    let mut counts = Vec::new();
    for (more, total) in [(2, 2), (98, 100)] {
        for _ in 0..more {
            house.hand_in("a.txt", b"abc").await;
        }
        let before = (house.reads.made(), house.reads.opened());
        let answer = house.ask(&house.token(&house.acme), LIST, json!({ "first": 100 })).await;
        assert_eq!(answer["data"]["transfers"]["edges"].as_array().map(Vec::len), Some(total), "{answer}");
        assert_eq!(house.reads.opened() - before.1, 1, "one view per request");
        counts.push(house.reads.made() - before.0);
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(house.reads.opened(), house.reads.closed(), "every view is closed");
}

#[tokio::test]
async fn pages_forwards_and_backwards_by_opaque_cursors() {
    let house = House::new().await;
    for name in ["1", "2", "3", "4", "5"] {
        house.hand_in(name, b"abc").await;
    }
    let token = house.token(&house.acme);
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        transfers(first: $first, after: $after, last: $last, before: $before) {
            nodes { fileName } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let page = async |variables: Value| house.ask(&token, query, variables).await["data"]["transfers"].clone();
    let first = page(json!({ "first": 2 })).await;
    assert_eq!(first["nodes"], json!([{ "fileName": "5" }, { "fileName": "4" }]));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let second = page(json!({ "first": 2, "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(second["nodes"], json!([{ "fileName": "3" }, { "fileName": "2" }]));
    let back = page(json!({ "last": 1, "before": second["pageInfo"]["startCursor"] })).await;
    assert_eq!(back["nodes"], json!([{ "fileName": "4" }]));
    for (variables, expected) in [
        (json!({ "first": 101 }), "PAGE_TOO_LARGE"),
        (json!({ "first": -1 }), "INVALID_INPUT"),
        (json!({ "first": 1, "last": 1 }), "INVALID_INPUT"),
        (json!({ "after": "nonsense" }), "INVALID_CURSOR"),
    ] {
        assert_eq!(code(&house.ask(&token, query, variables).await), expected);
    }
    let foreign = "query($after: String) { partners(after: $after) { nodes { id } } }";
    let other_list = house.ask(&token, foreign, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(code(&other_list), "INVALID_CURSOR");
}

#[tokio::test]
async fn reads_what_a_mutation_changed_in_the_same_request() {
    let house = House::new().await;
    let id = house.hand_in("a.txt", b"abc").await;
    let query = "mutation($id: ID!) {
        first: cancelTransfer(input: { transfer: $id, reason: \"wrong file\" }) {
            transfer { state provenance(last: 1) { nodes { kind } } } } }";
    let answer = house.ask(&house.token(&house.acme), query, json!({ "id": id })).await;
    let transfer = &answer["data"]["first"]["transfer"];
    assert_eq!(transfer["state"], "CANCELLED", "{answer}");
    assert_eq!(transfer["provenance"]["nodes"][0]["kind"], "cancelled");
    assert_eq!(house.reads.opened(), house.reads.closed());
}

#[tokio::test]
async fn lets_operators_set_up_and_partners_not() {
    let house = House::new().await;
    let partner = include_str!("../../../../graphql/operations/create-partner.graphql");
    let umbrella = json!({ "input": { "slug": "umbrella", "name": "Umbrella" } });
    let refused = house.ask(&house.token(&house.acme), partner, umbrella.clone()).await;
    assert_eq!(code(&refused), "FORBIDDEN");
    let made = house.ask(&house.operator(), partner, umbrella.clone()).await;
    assert_eq!(made["data"]["createPartner"]["partner"]["slug"], "umbrella", "{made}");
    assert_eq!(code(&house.ask(&house.operator(), partner, umbrella).await), "NAME_TAKEN");
    let agreement = include_str!("../../../../graphql/operations/create-agreement.graphql");
    let between = json!({ "input": { "sender": "umbrella", "receiver": "globex" } });
    let made = house.ask(&house.operator(), agreement, between).await;
    assert_eq!(made["data"]["createAgreement"]["agreement"]["sender"]["slug"], "umbrella", "{made}");
}

#[tokio::test]
async fn refuses_abuse_without_opening_a_view() {
    let house = House::new().await;
    let nested = |depth: usize| format!("{{ viewer {}{{ role }}{} }}", "{ partner ".repeat(depth), "}".repeat(depth));
    let aliases: String = (0..10_000).map(|i| format!("a{i}: viewer {{ role }} ")).collect();
    let few_aliases: String = (0..40).map(|i| format!("a{i}: viewer {{ role }} ")).collect();
    let doubling: String = (0..28).map(|i| format!("fragment f{i} on Query {{ ...f{0} ...f{0} }} ", i + 1)).collect();
    let wide = "nodes { id consignments { id deliveries { id attempts { id } } } } ";
    let cases = [
        ("depth 50", nested(50), "QUERY_TOO_DEEP"),
        ("depth 5,000", nested(5_000), "QUERY_TOO_DEEP"),
        ("brackets without end", "[".repeat(30_000), "QUERY_TOO_DEEP"),
        ("10,000 aliases", format!("{{ {aliases} }}"), "REQUEST_TOO_LARGE"),
        ("40 aliases", format!("{{ {few_aliases} }}"), "QUERY_TOO_MANY_ALIASES"),
        (
            "directives",
            format!("{{ viewer {{ role {} }} }}", "@skip(if: false) ".repeat(2_000)),
            "QUERY_TOO_MANY_DIRECTIVES",
        ),
        ("70,000 directives", format!("{{ viewer {{ role {} }} }}", "@a".repeat(70_000)), "REQUEST_TOO_LARGE"),
        (
            "a fragment cycle",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".into(),
            "QUERY_INVALID",
        ),
        ("an unused cycle", "{ viewer { role } } fragment a on Query { ...a }".into(), "QUERY_INVALID"),
        (
            "doubling fragments",
            format!("{{ ...f0 }} {doubling} fragment f28 on Query {{ viewer {{ role }} }}"),
            "QUERY_TOO_COMPLEX",
        ),
        (
            "pages within pages",
            format!(
                "{{ transfers(first: 100) {{ {wide} }} t: transfers(first: 100) {{ {wide} }} u: transfers(first: 100) {{ {wide} }} }}"
            ),
            "QUERY_TOO_COMPLEX",
        ),
        ("tokens", format!("{{ {} }}", "viewer { role } ".repeat(1_500)), "QUERY_TOO_COMPLEX"),
        ("half a document", "{ viewer { role".into(), "QUERY_MALFORMED"),
        ("an open string", "{ partner(named: \"".into(), "QUERY_MALFORMED"),
        ("nothing", String::new(), "QUERY_MALFORMED"),
        ("an unknown field", "{ secrets }".into(), "QUERY_INVALID"),
    ];
    for (what, query, expected) in cases {
        let answer = house.ask(&house.operator(), &query, json!({})).await;
        assert_eq!(code(&answer), expected, "{what}: {answer}");
        assert!(answer.get("data").is_none(), "{what}");
    }
    assert_eq!(house.reads.opened(), 0);
}

#[tokio::test]
async fn refuses_ten_megabytes_before_reading_them_all() {
    let house = House::new().await;
    let body = json!({ "query": format!("{{ viewer {{ role }} }} #{}", "x".repeat(10 << 20)) }).to_string();
    let request = Request::post("/graphql")
        .header("authorization", format!("Bearer {}", house.operator()))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("a request");
    let answer = house.send(request).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(code(&answer.json()), "REQUEST_TOO_LARGE");
    assert_eq!(house.reads.opened(), 0);
}

#[tokio::test]
async fn serves_graphiql_in_development_only() {
    let get = || Request::get("/graphiql").body(Body::empty()).expect("a request");
    let production = House::new().await;
    assert_eq!(production.send(get()).await.status, StatusCode::NOT_FOUND);
    let development = House::with(|settings| settings.development = true).await;
    assert_eq!(development.send(get()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keeps_partners_from_each_others_integrators_and_secrets() {
    let house = House::new().await;
    let secret = "mutation($owner: String!) {
        putSecret(input: { owner: $owner, name: \"hook\", value: \"c2VjcmV0\", encoding: BASE64 }) { name } }";
    let own = house.ask(&house.integrator(&house.acme), secret, json!({ "owner": "acme" })).await;
    assert_eq!(own["data"]["putSecret"]["name"], "hook", "{own}");
    let foreign = house.ask(&house.integrator(&house.acme), secret, json!({ "owner": "globex" })).await;
    assert_eq!(code(&foreign), "PARTNER_NOT_FOUND");
    let unknown = house.ask(&house.integrator(&house.acme), secret, json!({ "owner": "nobody" })).await;
    assert_eq!(code(&unknown), "PARTNER_NOT_FOUND");
    let of_house = house.ask(&house.integrator(&house.acme), secret, json!({ "owner": "house" })).await;
    assert_eq!(code(&of_house), "FORBIDDEN");
}
