//! What a template sees of an event.

use std::collections::BTreeMap;

use lockgate_sdk::Event;
use minijinja::Value;

/// The event's id, kind and attributes; `file.name` is reachable as such, by nested maps.
pub(crate) fn of(event: &Event) -> Value {
    let mut root = Node::default();
    for (name, value) in &event.attributes {
        root.put(name.split('.'), value);
    }
    let by_name = Value::from_pairs(event.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    root.members.insert("attributes".to_owned(), Node::leaf(by_name));
    root.members.insert("id".to_owned(), Node::leaf(Value::from(event.id.as_str())));
    root.members.insert("kind".to_owned(), Node::leaf(Value::from(event.kind.as_str())));
    root.value()
}

#[derive(Default)]
struct Node {
    value: Option<Value>,
    members: BTreeMap<String, Node>,
}

impl Node {
    fn leaf(value: Value) -> Self {
        Self { value: Some(value), members: BTreeMap::new() }
    }

    fn put<'a>(&mut self, mut path: impl Iterator<Item = &'a str>, value: &str) {
        match path.next() {
            None => self.value = Some(Value::from(value)),
            Some(name) => self.members.entry(name.to_owned()).or_default().put(path, value),
        }
    }

    /// Where one name is the beginning of another, the longer wins; `attributes` has both.
    fn value(self) -> Value {
        if self.members.is_empty() {
            return self.value.unwrap_or_default();
        }
        Value::from_pairs(self.members.into_iter().map(|(name, node)| (name, node.value())))
    }
}
