//! What a rule sees.

use std::collections::BTreeMap;

use cel::{Context, Value};
use lockgate_sdk::{Record, Subject};
use serde::Serialize;

/// The attributes and facts of a file.
pub(crate) fn of_subject(subject: &Subject) -> Context<'static, 'static> {
    let (facts, attributes): (Vec<_>, Vec<_>) = subject.attributes().partition(|(name, _)| name.starts_with("fact."));
    let facts: BTreeMap<_, _> = facts.into_iter().map(|(name, value)| (&name["fact.".len()..], value)).collect();
    let receivers = subject.attribute("routing.receivers").unwrap_or_default();
    let receivers: Vec<_> = receivers.split(',').map(str::trim).filter(|receiver| !receiver.is_empty()).collect();
    let attributes: BTreeMap<_, _> = attributes.into_iter().collect();
    let mut scope = Context::default();
    add(&mut scope, "transfer", subject.transfer());
    add(&mut scope, "attributes", attributes);
    add(&mut scope, "facts", facts);
    add(&mut scope, "receivers", receivers);
    scope
}

/// A record of a stream.
pub(crate) fn of_record(record: &Record<'_>) -> Context<'static, 'static> {
    let mut scope = Context::default();
    match serde_json::from_slice::<serde_json::Value>(record.bytes()) {
        Ok(value) => add(&mut scope, "record", value),
        Err(_) => add(&mut scope, "record", String::from_utf8_lossy(record.bytes())),
    }
    add(&mut scope, "key", String::from_utf8_lossy(record.key().unwrap_or_default()));
    scope
}

fn add(scope: &mut Context<'static, 'static>, name: &str, value: impl Serialize) {
    // What CEL cannot hold, such as a number beyond 64 bits, is null to a rule.
    scope.add_variable_from_value(name, cel::to_value(value).unwrap_or(Value::Null));
}
