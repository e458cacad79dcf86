//! The rules of the schema: what a person who knows one part of it may expect of every other.

use anyhow::{Result, bail};

use super::sdl::{self, Definition, Part};

/// Lists whose items may be null: what was asked for by id and is not there keeps its place.
const HOLLOW: &[&str] = &["Query.nodes"];
/// What Relay says a connection takes.
const WINDOW: [(&str, &str); 4] = [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")];

/// Fails with every rule that the schema breaks.
pub(super) fn check(text: &str) -> Result<()> {
    let complaints = complaints(&sdl::read(text)?);
    if complaints.is_empty() {
        return Ok(());
    }
    bail!("the schema breaks {} rules of docs/api.md:\n  {}", complaints.len(), complaints.join("\n  "))
}

fn complaints(schema: &[Definition]) -> Vec<String> {
    let mut found = Vec::new();
    for it in schema {
        let built_in = it.kind == "directive";
        if !built_in && !is_pascal(&it.name) {
            found.push(format!("{}: a type's name is in PascalCase", it.name));
        }
        if !built_in && !it.described {
            found.push(format!("{}: it has no description", it.name));
        }
        for part in it.parts.iter().filter(|_| !built_in) {
            one(&mut found, it, part);
        }
        match it.name.as_str() {
            "Mutation" => it.parts.iter().for_each(|part| mutation(&mut found, schema, part)),
            name if name.ends_with("Connection") => connection(&mut found, it),
            name if name.ends_with("Edge") => edge(&mut found, it),
            _ => {}
        }
    }
    found
}

/// What holds for every field, argument and value.
fn one(found: &mut Vec<String>, of: &Definition, part: &Part) {
    let place = format!("{}.{}", of.name, part.name);
    let mut complain = |what: &str| found.push(format!("{place}: {what}"));
    if of.kind == "enum" {
        if !part.name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
            complain("a value is in SCREAMING_CASE");
        }
    } else {
        if !is_camel(&part.name) {
            complain("a field's name is in camelCase");
        }
        if part.of.contains('[') && !part.of.contains("!]") && !HOLLOW.contains(&place.as_str()) {
            complain("a list has no nulls in it");
        }
        if of.kind == "type" && part.of.contains('[') && !part.of.ends_with('!') && !described_as_withheld(part) {
            complain("a list is there, maybe empty; null is only for what the viewer may not see");
        }
        let is_time = part.name.ends_with("At") || ["at", "since", "until"].contains(&part.name.as_str());
        if is_time != part.of.trim_end_matches('!').eq("DateTime") {
            complain("moments are `at` or end in `At` (filters: `since`, `until`) and are `DateTime`");
        }
        if part.of.trim_end_matches('!').ends_with("Connection") {
            for (name, kind) in WINDOW {
                if !part.arguments.iter().any(|it| it.name == name && it.of == kind) {
                    complain(&format!("a connection takes `{name}: {kind}`"));
                }
            }
        }
    }
    if !part.described {
        complain("it has no description");
    }
    if part.deprecated.as_deref().is_some_and(|reason| reason.len() < 20) {
        complain("a deprecation says what to use instead, and since when");
    }
    for argument in &part.arguments {
        one(found, &Definition { kind: "input".to_owned(), name: place.clone(), ..Definition::default() }, argument);
    }
}

/// A list of a partner's own things is null for others: of those, `destinations` and `channels`.
fn described_as_withheld(part: &Part) -> bool {
    ["destinations", "channels"].contains(&part.name.as_str())
}

/// Input and payload may be shared by mutations that are alike, such as releasing and refusing.
fn mutation(found: &mut Vec<String>, schema: &[Definition], part: &Part) {
    let is = |of: &str, kind: &str, ending: &str| {
        let name = of.strip_suffix('!').filter(|name| name.ends_with(ending));
        name.is_some_and(|name| schema.iter().any(|it| it.kind == kind && it.name == name))
    };
    if !matches!(&part.arguments[..], [one] if one.name == "input" && is(&one.of, "input", "Input")) {
        found.push(format!("Mutation.{}: it takes one argument, `input: ...Input!`, of an input type", part.name));
    }
    if !is(&part.of, "type", "Payload") {
        found.push(format!("Mutation.{}: it answers with `...Payload!`, an object of its own", part.name));
    }
}

fn connection(found: &mut Vec<String>, it: &Definition) {
    let item = it.name.trim_end_matches("Connection");
    let wanted = [("pageInfo", "PageInfo!".to_owned()), ("edges", format!("[{item}Edge!]!"))];
    for (name, of) in wanted {
        if !it.parts.iter().any(|part| part.name == name && part.of == of) {
            found.push(format!("{}: a connection has `{name}: {of}`", it.name));
        }
    }
}

fn edge(found: &mut Vec<String>, it: &Definition) {
    let item = it.name.trim_end_matches("Edge");
    for (name, of) in [("cursor", "String!".to_owned()), ("node", format!("{item}!"))] {
        if !it.parts.iter().any(|part| part.name == name && part.of == of) {
            found.push(format!("{}: an edge has `{name}: {of}`", it.name));
        }
    }
}

fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
