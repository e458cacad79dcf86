//! Facts in GraphQL.

use async_graphql::SimpleObject;
use lockgate_core::fact as core;

/// A named value that a validator extracted, such as `rows = 812`; all that routing sees of the content.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct Fact {
    /// Its name.
    name: String,
    /// Its value as text.
    value: String,
}

impl From<core::Fact> for Fact {
    fn from(fact: core::Fact) -> Self {
        Self { name: fact.name, value: fact.value }
    }
}
