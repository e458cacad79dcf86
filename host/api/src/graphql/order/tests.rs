//! Fields come out as they were asked for, whatever was done first.

use async_graphql::parser::parse_query;
use async_graphql::{Value, Variables, value};

use super::Order;

fn put(document: &str, mut answer: Value) -> String {
    let document = parse_query(document).expect("it can be parsed");
    let operation = document.operations.iter().next().expect("there is one").1;
    let variables = Variables::from_value(value!({ "yes": true }));
    Order::of(&document, &operation.node, &variables).put(&mut answer);
    serde_json::to_string(&answer).expect("JSON")
}

#[test]
fn fields_stand_as_they_were_asked_for() {
    let answer = value!({ "b": [{ "d": 1, "c": { "y": 1, "x": 2 } }, null], "a": 1 });
    let put = put("{ a b { c { x y } d } }", answer);
    assert_eq!(put, r#"{"a":1,"b":[{"c":{"x":2,"y":1},"d":1},null]}"#);
}

#[test]
fn fragments_count_where_they_are_spread_and_aliases_by_their_names() {
    let document = "query { z: a ...F ... on T { e { g f } b } } fragment F on T { d e { f } }";
    let put = put(document, value!({ "b": 1, "e": { "f": 1, "g": 2 }, "d": 3, "z": 4 }));
    assert_eq!(put, r#"{"z":4,"d":3,"e":{"f":1,"g":2},"b":1}"#);
}

#[test]
fn what_is_left_out_has_no_place() {
    let put = put("{ a @skip(if: true) c @include(if: $yes) b a }", value!({ "b": 1, "a": 2, "c": 3 }));
    assert_eq!(put, r#"{"c":3,"b":1,"a":2}"#);
}

#[test]
fn what_a_scalar_holds_stays_as_it_is() {
    let put = put("{ b settings }", value!({ "settings": { "z": 1, "a": 2 }, "b": 1 }));
    assert_eq!(put, r#"{"b":1,"settings":{"z":1,"a":2}}"#);
}
