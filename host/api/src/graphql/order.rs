//! Answers in the order of the question: the executor puts fields down as they are done, the specification wants them as
//! they were asked for.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Value};

/// The fields of a selection as a response names them, in order, each with those below it.
#[derive(Debug, Default)]
pub(super) struct Order(IndexMap<Name, Order>);

impl Order {
    /// Of an operation that passed the gate: fragments lead in no circle, and there are not many fields.
    pub(super) fn of(document: &ExecutableDocument, operation: &OperationDefinition) -> Self {
        let mut order = Self::default();
        order.add(document, &operation.selection_set.node);
        order
    }

    /// What is asked for twice stands where it stood first.
    fn add(&mut self, document: &ExecutableDocument, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let below = self.0.entry(field.node.response_key().node.clone()).or_default();
                    below.add(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.add(document, &fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    /// Puts an answer in order.
    pub(super) fn put(&self, answer: &mut Value) {
        match answer {
            Value::List(items) => items.iter_mut().for_each(|item| self.put(item)),
            // A scalar that is an object has an order of its own.
            Value::Object(fields) if !self.0.is_empty() => {
                let places = fields.keys().map(|name| self.0.get_index_of(name));
                if !places.is_sorted() {
                    fields.sort_by_cached_key(|name, _| self.0.get_index_of(name));
                }
                for (name, value) in fields {
                    if let Some(below) = self.0.get(name).filter(|below| !below.0.is_empty()) {
                        below.put(value);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
