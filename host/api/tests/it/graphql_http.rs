//! GraphQL over HTTP: what its specification says that servers must and should do, case by case.

use axum::body::Body;
use axum::http::{Method, Request};
use rstest::rstest;
use serde_json::{Value, json};

use crate::house::{Answer, House, code};

const MODERN: &str = "application/graphql-response+json";
const OLDER: &str = "application/json";
const GOOD: &str = r#"{"query":"{ viewer { role } }"}"#;

async fn post(house: &House, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let mut request = Request::post("/graphql").header("authorization", format!("Bearer {}", house.operator()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    house.send(request.body(body.into()).expect("a request")).await
}

async fn get(house: &House, parameters: &[(&str, &str)], accept: &str) -> Answer {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let request = Request::get(format!("/graphql?{query}"))
        .header("authorization", format!("Bearer {}", house.operator()))
        .header("accept", accept)
        .body(Body::empty())
        .expect("a request");
    house.send(request).await
}

#[rstest]
#[case::modern(Some(MODERN), MODERN)]
#[case::older(Some(OLDER), OLDER)]
#[case::anything(Some("*/*"), OLDER)]
#[case::any_application(Some("application/*"), OLDER)]
#[case::nothing_said(None, OLDER)]
#[case::preferred_by_weight(Some("application/json;q=0.5, application/graphql-response+json"), MODERN)]
#[case::preferred_by_weight_the_other_way(Some("application/graphql-response+json;q=0.5, application/json"), OLDER)]
#[case::both_alike(Some("application/graphql-response+json, application/json;q=1.0"), MODERN)]
#[case::named_before_any(Some("application/graphql-response+json;q=0.9, */*;q=0.1"), MODERN)]
#[case::all_but_one(Some("*/*, application/json;q=0"), MODERN)]
#[case::in_utf_8(Some("application/graphql-response+json; charset=utf-8"), MODERN)]
#[case::in_capitals(Some("Application/GraphQL-Response+JSON"), MODERN)]
#[case::a_browser(Some("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"), OLDER)]
#[tokio::test]
async fn answers_in_the_media_type_that_fits_best(#[case] accept: Option<&str>, #[case] expected: &str) {
    let house = House::new().await;
    let mut headers = vec![("content-type", OLDER)];
    headers.extend(accept.map(|it| ("accept", it)));
    let answer = post(&house, &headers, GOOD).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), format!("{expected}; charset=utf-8"));
    assert_eq!(answer.json()["data"]["viewer"]["role"], "OPERATOR");
}

#[rstest]
#[case("text/html")]
#[case("application/xml, text/*")]
#[case("application/json;q=0")]
#[case("application/json; charset=utf-16")]
#[case("")]
#[tokio::test]
async fn says_what_it_offers_where_nothing_acceptable_is(#[case] accept: &str) {
    let house = House::new().await;
    let answer = post(&house, &[("content-type", OLDER), ("accept", accept)], GOOD).await;
    assert_eq!(answer.status, 406);
    assert_eq!(code(&answer.json()), "NOT_ACCEPTABLE");
    assert!(answer.json()["errors"][0]["message"].as_str().is_some_and(|it| it.contains(MODERN)));
    assert_eq!(house.reads.opened(), 0);
}

#[rstest]
#[case::json_in_utf_8("application/json; charset=utf-8", 200)]
#[case::quoted("application/json;charset=\"UTF-8\"", 200)]
#[case::capitals("Application/JSON", 200)]
#[case::another_charset("application/json; charset=utf-16", 415)]
#[case::a_form("application/x-www-form-urlencoded", 415)]
#[case::an_upload("multipart/form-data; boundary=x", 415)]
#[case::plain_text("text/plain", 415)]
#[case::plain_text_that_says_json("text/plain; application/json", 415)]
#[case::a_bare_document("application/graphql", 415)]
#[case::nothing("", 415)]
#[tokio::test]
async fn takes_json_only(#[case] kind: &str, #[case] status: u16) {
    let house = House::new().await;
    let answer = post(&house, &[("content-type", kind)], GOOD).await;
    assert_eq!(answer.status.as_u16(), status, "{:?}", answer.json());
    if status == 415 {
        assert_eq!(code(&answer.json()), "UNSUPPORTED_MEDIA_TYPE");
        assert!(answer.json().get("data").is_none());
    }
}

/// A body, and the statuses in the modern and in the older media type.
#[rstest]
#[case::no_json("{", 400, 400)]
#[case::nothing("", 400, 400)]
#[case::more_than_one_value("{\"query\":\"{ viewer { role } }\"} {}", 400, 400)]
#[case::a_batch(r#"[{"query":"{ viewer { role } }"}]"#, 400, 400)]
#[case::no_query("{}", 400, 400)]
#[case::a_null_query(r#"{"query":null}"#, 400, 400)]
#[case::a_number_as_query(r#"{"query":7}"#, 400, 400)]
#[case::an_object_as_query(r#"{"query":{}}"#, 400, 400)]
#[case::a_list_as_query(r#"{"query":["{ viewer { role } }"]}"#, 400, 400)]
#[case::an_object_as_name(r#"{"query":"{ viewer { role } }","operationName":{}}"#, 400, 400)]
#[case::a_text_as_variables(r#"{"query":"{ viewer { role } }","variables":"{}"}"#, 400, 400)]
#[case::a_list_as_variables(r#"{"query":"{ viewer { role } }","variables":[]}"#, 400, 400)]
#[case::a_text_as_extensions(r#"{"query":"{ viewer { role } }","extensions":"{}"}"#, 400, 400)]
#[case::a_list_as_extensions(r#"{"query":"{ viewer { role } }","extensions":[]}"#, 400, 400)]
#[case::a_document_that_is_none(r#"{"query":"{"}"#, 400, 200)]
#[case::an_empty_document(r#"{"query":""}"#, 400, 200)]
#[case::an_unknown_field(r#"{"query":"{ nothing }"}"#, 400, 200)]
#[case::a_variable_of_a_wrong_type(
    r#"{"query":"query($first: Int) { partners(first: $first) { nodes { id } } }","variables":{"first":"x"}}"#,
    400,
    200
)]
#[case::a_missing_variable(r#"{"query":"query($id: ID!) { transfer(id: $id) { id } }"}"#, 400, 200)]
#[case::a_missing_variable_of_a_named_operation(
    r#"{"query":"query a($id: ID!) { transfer(id: $id) { id } }"}"#,
    400,
    200
)]
#[case::a_mutation_that_asks_twice(
    r#"{"query":"mutation { disableDestination: __typename ...F } fragment F on Mutation { disableDestination: __typename }"}"#,
    400,
    200
)]
#[case::an_unknown_operation(
    r#"{"query":"query a { viewer { role } } query b { viewer { role } }","operationName":"c"}"#,
    400,
    200
)]
#[case::no_operation_of_two(r#"{"query":"query a { viewer { role } } query b { viewer { role } }"}"#, 400, 200)]
#[case::a_subscription(r#"{"query":"subscription { transferUpdated { id } }"}"#, 405, 405)]
#[tokio::test]
async fn refuses_by_status_what_cannot_be_executed(#[case] body: &str, #[case] modern: u16, #[case] older: u16) {
    let house = House::new().await;
    for (accept, status) in [(MODERN, modern), (OLDER, older)] {
        let answer = post(&house, &[("content-type", OLDER), ("accept", accept)], body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{accept}: {}", answer.json());
        assert_eq!(answer.header("content-type"), format!("{accept}; charset=utf-8"));
        assert!(answer.json().get("data").is_none(), "{}", answer.json());
        assert!(!code(&answer.json()).is_empty());
    }
    assert_eq!(house.reads.opened(), 0);
}

#[rstest]
#[case::nulls(r#"{"query":"{ viewer { role } }","operationName":null,"variables":null,"extensions":null}"#)]
#[case::maps(
    r#"{"query":"query a { viewer { role } }","operationName":"a","variables":{},"extensions":{"x":{"y":1}}}"#
)]
#[case::unknown_members(r#"{"query":"{ viewer { role } }","more":[1,2,3]}"#)]
#[case::one_operation_of_two(
    r#"{"query":"query a { viewer { role } } query b { viewer { subject } }","operationName":"a"}"#
)]
#[case::a_blank_around(" \n{\"query\":\"{ viewer { role } }\"}\t ")]
#[tokio::test]
async fn executes_what_is_well_formed(#[case] body: &str) {
    let house = House::new().await;
    for accept in [MODERN, OLDER] {
        let answer = post(&house, &[("content-type", OLDER), ("accept", accept)], body.to_owned()).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(answer.json()["data"], json!({ "viewer": { "role": "OPERATOR" } }));
    }
}

#[tokio::test]
async fn answers_with_200_where_only_a_field_failed() {
    let house = House::new().await;
    let body = r#"{"query":"{ viewer { role } transfer(id: \"nonsense\") { id } }"}"#;
    let answer = post(&house, &[("content-type", OLDER), ("accept", MODERN)], body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["data"], json!({ "viewer": { "role": "OPERATOR" }, "transfer": null }));
    assert_eq!(code(&answer.json()), "INVALID_ID");
}

#[rstest]
#[case::a_query(&[("query", "{ viewer { role } }")], 200)]
#[case::with_everything(&[("query", "query a($n: String!) { partner(named: $n) { slug } }"), ("operationName", "a"), ("variables", r#"{"n":"acme"}"#), ("extensions", "{}")], 200)]
#[case::empty_parameters(&[("query", "{ viewer { role } }"), ("operationName", ""), ("variables", "")], 200)]
#[case::no_query(&[("variables", "{}")], 400)]
#[case::an_empty_query(&[("query", "")], 400)]
#[case::variables_that_are_none(&[("query", "{ viewer { role } }"), ("variables", "[]")], 400)]
#[case::variables_that_are_no_json(&[("query", "{ viewer { role } }"), ("variables", "{")], 400)]
#[case::extensions_that_are_none(&[("query", "{ viewer { role } }"), ("extensions", "7")], 400)]
#[case::twice_the_same(&[("query", "{ viewer { role } }"), ("query", "{ viewer { subject } }")], 400)]
#[case::a_mutation(&[("query", "mutation { createPartner(input: { slug: \"x-y\", name: \"X\" }) { partner { id } } }")], 405)]
#[case::a_mutation_of_two(&[("query", "query a { viewer { role } } mutation b { createPartner(input: { slug: \"x-y\", name: \"X\" }) { partner { id } } }"), ("operationName", "b")], 405)]
#[case::a_named_mutation(&[("query", "mutation b { createPartner(input: { slug: \"x-y\", name: \"X\" }) { partner { id } } }")], 405)]
#[case::a_subscription(&[("query", "subscription { transferUpdated { id } }")], 405)]
#[case::a_named_subscription(&[("query", "subscription s { transferUpdated { id } }")], 405)]
#[tokio::test]
async fn executes_queries_and_nothing_else_by_get(#[case] parameters: &[(&str, &str)], #[case] status: u16) {
    let house = House::new().await;
    for accept in [MODERN, OLDER] {
        let answer = get(&house, parameters, accept).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.json());
        if status == 405 {
            assert_eq!(answer.header("allow"), "POST");
            assert_eq!(code(&answer.json()), "METHOD_NOT_ALLOWED");
        }
    }
    let partners = house.ask(&house.operator(), "{ partners { nodes { slug } } }", json!({})).await;
    assert!(!partners.to_string().contains("x-y"), "{partners}");
}

/// What a page of another site can make a browser send without asking first: nobody is somebody by that.
#[tokio::test]
async fn grants_nothing_to_requests_that_other_sites_can_make() {
    let house = House::new().await;
    let sent = |method: Method, uri: &str, headers: &[(&str, &str)], body: &str| {
        let mut request = Request::builder().method(method).uri(uri).header("origin", "https://evil.example");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        house.send(request.body(Body::from(body.to_owned())).expect("a request"))
    };
    let query = "/graphql?query=%7B%20viewer%20%7B%20role%20%7D%20%7D";
    let cookie = ("cookie", "session=1; authorization=Bearer");
    for (method, uri, headers, body) in [
        (Method::GET, query, &[cookie][..], ""),
        (Method::GET, query, &[("authorization", "Basic YTpi")], ""),
        (Method::POST, "/graphql", &[cookie, ("content-type", "text/plain")], GOOD),
        (Method::POST, "/graphql", &[cookie, ("content-type", "application/x-www-form-urlencoded")], "query=%7B%7D"),
    ] {
        let answer = sent(method, uri, headers, body).await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer "));
    }
    let asked = [("access-control-request-method", "POST"), ("access-control-request-headers", "authorization")];
    let preflight = sent(Method::OPTIONS, "/graphql", &asked, "").await;
    assert!(!preflight.status.is_success(), "{}", preflight.status);
    assert_eq!(preflight.header("access-control-allow-origin"), "");
    assert_eq!(house.reads.opened(), 0);
}

#[rstest]
#[case(Method::PUT)]
#[case(Method::PATCH)]
#[case(Method::DELETE)]
#[tokio::test]
async fn knows_no_other_methods(#[case] method: Method) {
    let house = House::new().await;
    let request = Request::builder().method(method).uri("/graphql").body(Body::from(GOOD)).expect("a request");
    let answer = house.send(request).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.code(), "METHOD_NOT_ALLOWED");
}

fn variables(json: String) -> Vec<u8> {
    format!(r#"{{"query":"query($x: JSON) {{ viewer {{ role }} }}","variables":{json}}}"#).into_bytes()
}

#[rstest]
#[case::deep_lists(variables(format!("{{\"x\":{}{}}}", "[".repeat(100), "]".repeat(100))), 400, "QUERY_TOO_DEEP")]
#[case::very_deep_lists(variables(format!("{{\"x\":{}", "[".repeat(1_000_000))), 400, "QUERY_TOO_DEEP")]
#[case::deep_objects(variables(format!("{{\"x\":{}1{}}}", "{\"a\":".repeat(100), "}".repeat(100))), 400, "QUERY_TOO_DEEP")]
#[case::many_values(variables(format!("{{\"x\":[{}0]}}", "0,".repeat(300_000))), 400, "QUERY_TOO_COMPLEX")]
#[case::a_key_twice(variables(r#"{"x":1,"x":2}"#.into()), 400, "QUERY_MALFORMED")]
#[case::a_key_twice_further_down(variables(r#"{"x":[{"a":1,"a":2}]}"#.into()), 400, "QUERY_MALFORMED")]
#[case::two_queries(br#"{"query":"{ viewer { role } }","query":"{ viewer { subject } }"}"#.to_vec(), 400, "QUERY_MALFORMED")]
#[case::invalid_utf_8(b"{\"query\":\"{ viewer { role } } # \xff\"}".to_vec(), 400, "QUERY_MALFORMED")]
#[case::half_a_surrogate(br#"{"query":"{ viewer { role } } # \ud800"}"#.to_vec(), 400, "QUERY_MALFORMED")]
#[case::a_number_beyond_numbers(variables(r#"{"x":1e999}"#.into()), 400, "QUERY_MALFORMED")]
#[case::nul_bytes(b"\0\0\0\0".to_vec(), 400, "QUERY_MALFORMED")]
#[case::ten_megabytes(variables(format!("{{\"x\":\"{}\"}}", "x".repeat(10 << 20))), 413, "REQUEST_TOO_LARGE")]
#[tokio::test]
async fn refuses_hostile_json_before_anything_is_read(
    #[case] body: Vec<u8>,
    #[case] status: u16,
    #[case] expected: &str,
) {
    let house = House::new().await;
    let answer = post(&house, &[("content-type", OLDER), ("accept", MODERN)], body).await;
    assert_eq!(code(&answer.json()), expected, "{}", answer.json());
    assert_eq!(answer.status.as_u16(), status);
    assert_eq!(house.reads.opened(), 0);
}

#[tokio::test]
async fn tells_what_every_document_costs_and_refuses_what_costs_too_much() {
    let house = House::with(|settings| settings.graphql.complexity = 50).await;
    let cost = async |query: &str| house.ask(&house.operator(), query, json!({})).await;
    let small = cost("{ viewer { role subject } }").await;
    assert_eq!(small["extensions"]["cost"], json!({ "requested": 3, "limit": 50 }), "{small}");
    let page = cost("{ partners(first: 10) { nodes { slug } } }").await;
    assert_eq!(page["extensions"]["cost"]["requested"], 21, "10 times a node with one field, and the list");
    let again = cost("{ partners(first: 10) { nodes { slug } } }").await;
    assert_eq!(page, again, "a document's cost does not depend on what is found");
    let large = cost("{ partners(first: 100) { nodes { slug } } }").await;
    assert_eq!(code(&large), "QUERY_TOO_COMPLEX");
    assert_eq!(large["extensions"]["cost"], json!({ "requested": 201, "limit": 50 }));
    assert!(large["errors"][0]["message"].as_str().is_some_and(|it| it.contains("201") && it.contains("50")));
    assert_eq!(large.get("data"), None::<&Value>);
}

#[tokio::test]
async fn answers_in_the_order_of_the_question_whatever_has_to_be_loaded() {
    let house = House::new().await;
    house.hand_in("a.txt", b"abc").await;
    for name in ["", "query named "] {
        let query =
            format!("{name}{{ transfers {{ nodes {{ sender {{ name slug }} fileName consignments {{ id }} }} }} }}");
        let answer = post(&house, &[("content-type", OLDER)], json!({ "query": query }).to_string()).await;
        let text = String::from_utf8_lossy(&answer.body);
        let places: Vec<_> = ["sender", "name", "slug", "fileName", "consignments"]
            .map(|field| text.find(&format!("\"{field}\"")).unwrap_or_else(|| panic!("no {field}: {text}")))
            .into();
        assert!(places.is_sorted(), "{text}");
    }
}

#[tokio::test]
async fn a_variable_has_its_default_at_directives_too() {
    let house = House::new().await;
    let query = "query($less: Boolean = true) { viewer { role subject @skip(if: $less) } }";
    let answer = house.ask(&house.operator(), query, json!({})).await;
    assert_eq!(answer["data"], json!({ "viewer": { "role": "OPERATOR" } }), "{answer}");
    let answer = house.ask(&house.operator(), query, json!({ "less": false })).await;
    assert!(answer["data"]["viewer"]["subject"].is_string(), "{answer}");
}
