//! Answers in the order of the question: the executor puts fields down as they are done, the specification wants them as
//! they were asked for. Where fragments on different types ask for the same field, the first to ask decides for all.

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet};
use async_graphql::{Name, Positioned, Value, Variables};

/// The fields of a selection as a response names them, in order, each with those below it.
#[derive(Debug, Default)]
pub(super) struct Order(IndexMap<Name, Order>);

impl Order {
    /// Of an operation that passed the gate: fragments lead in no circle, and there are not many fields.
    pub(super) fn of(document: &ExecutableDocument, operation: &OperationDefinition, variables: &Variables) -> Self {
        let mut order = Self::default();
        order.add(document, &operation.selection_set.node, variables);
        order
    }

    /// What is asked for twice stands where it stood first.
    fn add(&mut self, document: &ExecutableDocument, set: &SelectionSet, variables: &Variables) {
        for selection in set.items.iter().filter(|it| !is_skipped(it.node.directives(), variables)) {
            match &selection.node {
                Selection::Field(field) => {
                    let below = self.0.entry(field.node.response_key().node.clone()).or_default();
                    below.add(document, &field.node.selection_set.node, variables);
                }
                Selection::InlineFragment(fragment) => self.add(document, &fragment.node.selection_set.node, variables),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node, variables);
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

fn is_skipped(directives: &[Positioned<Directive>], variables: &Variables) -> bool {
    let given = |name| variables.get(&name).cloned().ok_or(());
    directives.iter().map(|it| &it.node).any(|it| {
        let says = it.get_argument("if").and_then(|value| value.node.clone().into_const_with(given).ok());
        match it.name.node.as_str() {
            "skip" => says == Some(Value::Boolean(true)),
            "include" => says == Some(Value::Boolean(false)),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests;
