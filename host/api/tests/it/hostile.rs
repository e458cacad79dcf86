//! GraphQL that could only do harm: each is refused on its text, and nothing is read for it.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::house::{House, code};

fn nested(field: &str, depth: usize) -> String {
    format!("{{ viewer {}{{ role }}{} }}", format!("{{ {field} ").repeat(depth), "}".repeat(depth))
}

/// So many fields, each under another name.
fn aliases(count: usize) -> String {
    let mut query = "{ ".to_owned();
    for number in 0..count {
        let _ = write!(query, "a{number}: viewer {{ role }} ");
    }
    query + "}"
}

/// Fragments of which each spreads the next so many times; the last one holds a field.
fn fan(levels: usize, width: usize) -> String {
    fan_to("viewer { role }", levels, width)
}

/// Fragments of which each spreads the next so many times, down to that.
fn fan_to(leaf: &str, levels: usize, width: usize) -> String {
    let mut query = "{ ...f0 } ".to_owned();
    for level in 0..levels {
        let spreads = format!("...f{} ", level + 1).repeat(width);
        let _ = write!(query, "fragment f{level} on Query {{ {spreads} }} ");
    }
    query + &format!("fragment f{levels} on Query {{ {leaf} }}")
}

/// A ring of fragments.
fn ring(length: usize) -> String {
    let mut query = "{ ...f0 } ".to_owned();
    for number in 0..length {
        let _ = write!(query, "fragment f{number} on Query {{ ...f{} }} ", (number + 1) % length);
    }
    query
}

/// The schema's types of fields of types of fields.
fn schema(levels: usize) -> String {
    format!("{{ __schema {{ types {}{{ name }}{} }} }}", "{ fields { type ".repeat(levels), "} }".repeat(levels))
}

fn inside(argument: &str) -> String {
    format!("{{ transfers(first: 1, filter: {argument}) {{ nodes {{ id }} }} }}")
}

#[rstest]
#[case::depth_50(nested("partner", 50), "QUERY_TOO_DEEP")]
#[case::depth_10_000(nested("p", 10_000), "QUERY_TOO_DEEP")]
#[case::depth_by_inline_fragments(nested("... on Viewer", 50), "QUERY_TOO_DEEP")]
#[case::depth_without_end("{a".repeat(20_000), "QUERY_TOO_DEEP")]
#[case::aliases_10_000(aliases(10_000), "REQUEST_TOO_LARGE")]
#[case::aliases_31(aliases(31), "QUERY_TOO_MANY_ALIASES")]
#[case::directives_70_000(format!("{{ viewer {{ role {} }} }}", "@a ".repeat(70_000)), "REQUEST_TOO_LARGE")]
#[case::directives_10_000(format!("{{ viewer {{ role {} }} }}", "@a".repeat(10_000)), "QUERY_TOO_MANY_DIRECTIVES")]
#[case::directives_on_fragments(
    format!("{{ ...f {} }} fragment f on Query {{ viewer {{ role }} }}", "@skip(if: false) ".repeat(31)),
    "QUERY_TOO_MANY_DIRECTIVES"
)]
#[case::a_fragment_of_itself("{ ...f } fragment f on Query { ...f }".to_owned(), "QUERY_INVALID")]
#[case::a_ring_of_two(ring(2), "QUERY_INVALID")]
#[case::a_ring_of_300(ring(300), "QUERY_INVALID")]
#[case::a_ring_nobody_spreads(format!("query q {{ viewer {{ role }} }} {}", &ring(3)[9..]), "QUERY_INVALID")]
#[case::fragments_that_double_40_times(fan(40, 2), "QUERY_TOO_COMPLEX")]
#[case::fragments_that_multiply_by_50(fan(8, 50), "QUERY_TOO_COMPLEX")]
#[case::fragments_that_double_to_one_that_is_not_there(fan_to("...nope", 38, 2), "QUERY_INVALID")]
#[case::fragments_that_double_to_a_single_name(fan_to("__typename", 38, 2), "QUERY_TOO_COMPLEX")]
#[case::fragments_that_double_to_what_is_skipped(
    fan_to("... @skip(if: true) { __typename }", 38, 2),
    "QUERY_TOO_COMPLEX"
)]
#[case::fragments_nobody_spreads_to_one_that_is_not_there(
    format!("query q {{ viewer {{ role }} }} {}", &fan_to("...nope", 38, 2)[9..]),
    "QUERY_INVALID"
)]
#[case::operations_that_each_spread_much(
    (0..30).fold(fan(7, 2)[9..].to_owned(), |query, number| query + &format!(" query q{number} {{ ...f0 }}")),
    "QUERY_TOO_COMPLEX"
)]
#[case::ten_megabytes(format!("{{ viewer {{ role }} }} #{}", "x".repeat(10 << 20)), "REQUEST_TOO_LARGE")]
#[case::a_long_name(format!("{{ {} }}", "a".repeat(60_000)), "QUERY_INVALID")]
#[case::many_short_fields(format!("{{ {} }}", "a ".repeat(30_000)), "QUERY_TOO_COMPLEX")]
#[case::many_operations("query a { viewer { role } } ".repeat(2_000), "QUERY_TOO_COMPLEX")]
#[case::many_variables(
    format!("query q({}) {{ viewer {{ role }} }}", "$a: Int ".repeat(4_000)),
    "QUERY_TOO_COMPLEX"
)]
#[case::lists_in_arguments(inside(&"[".repeat(30_000)), "QUERY_TOO_DEEP")]
#[case::objects_in_arguments(inside(&"{a:".repeat(10_000)), "QUERY_TOO_DEEP")]
#[case::types_in_variables(format!("query q($a: {}Int) {{ viewer {{ role }} }}", "[".repeat(20_000)), "QUERY_TOO_DEEP")]
#[case::a_number_of_50_000_digits(format!("{{ transfers(first: {}) {{ nodes {{ id }} }} }}", "9".repeat(50_000)), "QUERY_MALFORMED")]
#[case::a_block_string_without_end(format!("{{ partner(named: \"\"\"{}", "\\\"\"\"".repeat(10_000)), "QUERY_MALFORMED")]
#[case::pages_of_pages(
    "{ a: transfers(first: 100) { nodes { id consignments { id deliveries { id attempts { id } } } } }
       b: transfers(first: 100) { nodes { id consignments { id deliveries { id attempts { id } } } } }
       c: transfers(first: 100) { nodes { id consignments { id deliveries { id attempts { id } } } } } }".to_owned(),
    "QUERY_TOO_COMPLEX"
)]
#[case::the_schema_of_the_schema(schema(2), "QUERY_TOO_COMPLEX")]
#[case::the_schema_seven_times_over(schema(7), "QUERY_TOO_COMPLEX")]
#[case::the_schema_by_fragments(
    "{ __type(name: \"Query\") { ...f } } fragment f on __Type { fields { type { ...g } } }
     fragment g on __Type { fields { type { possibleTypes { name } } } }".to_owned(),
    "QUERY_TOO_COMPLEX"
)]
#[case::bytes_that_are_no_graphql("\u{0}\u{1}\u{feff}".repeat(1_000), "QUERY_MALFORMED")]
#[tokio::test]
async fn is_refused_without_reading_anything(#[case] query: String, #[case] expected: &str) {
    let house = House::new().await;
    let token = house.operator();
    let asked = house.ledger.asked();
    let answer = house.ask(&token, &query, json!({})).await;
    assert_eq!(code(&answer), expected, "{answer}");
    assert!(answer.get("data").is_none());
    assert_eq!((house.reads.opened(), house.ledger.asked() - asked), (0, 1), "only the rate limit's share was leased");
}

#[tokio::test]
async fn what_tools_ask_of_the_schema_is_answered() {
    let house = House::new().await;
    let usual = "{ __schema { queryType { name } types { name kind
        fields(includeDeprecated: true) { name args { name type { ...T } } type { ...T } }
        inputFields { name type { ...T } } interfaces { ...T } enumValues { name } possibleTypes { ...T } }
        directives { name args { name } } } }
        fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";
    let answer = house.ask(&house.operator(), usual, json!({})).await;
    assert!(answer["data"]["__schema"]["types"].as_array().is_some_and(|it| it.len() > 50), "{answer}");
}

#[rstest]
#[case::nested_variables(format!(r#"{{"query":"{{ viewer {{ role }} }}","variables":{}"#, r#"{"a":"#.repeat(100_000)), 400)]
#[case::a_list_of_requests(format!("[{}]", r#"{"query":"{ viewer { role } }"},"#.repeat(10_000)), 400)]
#[case::more_than_a_request_may_have(format!(r#"{{"query":"{}"}}"#, "x".repeat(5 << 20)), 413)]
#[tokio::test]
async fn a_body_that_is_hostile_around_the_document_is_refused(#[case] body: String, #[case] status: u16) {
    let house = House::new().await;
    let request = Request::post("/graphql")
        .header("authorization", format!("Bearer {}", house.operator()))
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("a request");
    let answer = house.send(request).await;
    assert_eq!(answer.status, StatusCode::from_u16(status).expect("a status"));
    assert_eq!(house.reads.opened(), 0);
}
