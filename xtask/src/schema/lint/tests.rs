//! Each rule has a schema that breaks it and nothing else; the exported one breaks none.

use super::{check, complaints};
use crate::schema::sdl;

/// A schema that keeps every rule.
const GOOD: &str = r#"
"A page." type ThingConnection { "It." pageInfo: PageInfo! "Them." edges: [ThingEdge!]! "Those." nodes: [Thing!]! }
"An item." type ThingEdge { "Where." cursor: String! "What." node: Thing! }
"A page's place." type PageInfo { "More." hasNextPage: Boolean! }
"A thing." type Thing { "When." createdAt: DateTime! "Which." kind: Kind! "Old." size: Int @deprecated(reason: "since 1.2; use `bytes`") }
"A kind." enum Kind { "One." SMALL_ONE }
"A moment." scalar DateTime
"What to make." input MakeThingInput { "How." names: [String!]! "From." since: DateTime = null }
"What was made." type MakeThingPayload { "It." thing: Thing! }
"What can be done." type Mutation { "Makes." makeThing("How." input: MakeThingInput!): MakeThingPayload! }
"What can be asked."
type Query implements Root & Other {
    "Them." things("n" first: Int = 5, "c" after: String, "n" last: Int, "c" before: String): ThingConnection!
    "By id." nodes("Which." ids: [ID!]!): [Thing]!
}
"#;

fn broken(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from), "{from}");
    complaints(&sdl::read(&GOOD.replacen(from, to, 1)).expect("a schema"))
}

#[test]
fn a_schema_that_keeps_the_rules_is_passed() {
    assert_eq!(complaints(&sdl::read(GOOD).expect("a schema")), Vec::<String>::new());
}

#[test]
fn each_broken_rule_is_named_with_its_place() {
    for (from, to, place, rule) in [
        ("type PageInfo {", "type Page_Info {", "Page_Info", "PascalCase"),
        ("\"A thing.\" type", "type", "Thing", "no description"),
        ("\"Which.\" kind", "kind", "Thing.kind", "no description"),
        ("\"One.\" SMALL_ONE", "SMALL_ONE", "Kind.SMALL_ONE", "no description"),
        ("\"c\" after", "after", "Query.things.after", "no description"),
        ("kind: Kind!", "the_kind: Kind!", "Thing.the_kind", "camelCase"),
        ("SMALL_ONE", "smallOne", "Kind.smallOne", "SCREAMING_CASE"),
        ("names: [String!]!", "names: [String]!", "MakeThingInput.names", "no nulls"),
        ("nodes: [Thing!]!", "nodes: [Thing!]", "ThingConnection.nodes", "maybe empty"),
        ("createdAt: DateTime!", "createdAt: String!", "Thing.createdAt", "DateTime"),
        ("since: DateTime", "begin: DateTime", "MakeThingInput.begin", "DateTime"),
        ("\"n\" first: Int = 5, ", "", "Query.things", "`first: Int`"),
        ("before: String", "before: Int", "Query.things", "`before: String`"),
        ("edges: [ThingEdge!]!", "items: [ThingEdge!]!", "ThingConnection", "edges"),
        ("pageInfo: PageInfo!", "pageInfo: PageInfo", "ThingConnection", "pageInfo"),
        ("cursor: String!", "cursor: ID!", "ThingEdge", "cursor"),
        ("input: MakeThingInput!", "input: MakeThingInput", "Mutation.makeThing", "one argument"),
        ("): MakeThingPayload!", "): Thing!", "Mutation.makeThing", "Payload!"),
        ("type MakeThingPayload", "type MadeThing", "Mutation.makeThing", "Payload!"),
        ("input MakeThingInput", "type MakeThingInput", "Mutation.makeThing", "an input type"),
        ("since 1.2; use `bytes`", "old", "Thing.size", "deprecation"),
    ] {
        let found = broken(from, to);
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        assert!(found[0].starts_with(&format!("{place}: ")) && found[0].contains(rule), "{found:?}");
    }
}

#[test]
fn a_text_that_is_no_schema_is_refused() {
    for text in ["type", "type A { b }", "\"\"\"no end", "type A { \"x\" b: }  }"] {
        assert!(sdl::read(text).is_err(), "{text}");
    }
}

#[test]
fn the_exported_schema_keeps_the_rules() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../graphql/schema.graphql");
    let text = std::fs::read_to_string(path).expect("the exported schema");
    assert!(sdl::read(&text).expect("a schema").len() > 100);
    check(&text).expect("no rule is broken");
}
