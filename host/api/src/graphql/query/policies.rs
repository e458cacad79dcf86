//! Plugins and policies.
#![expect(clippy::too_many_arguments, reason = "a list takes what the schema says that lists take")]

use async_graphql::connection::Connection;
use async_graphql::{Context, InputObject, Object};
use lockgate_core::ports;

use crate::failure::Failure;
use crate::graphql::asking::{Asking, asking};
use crate::graphql::page::{self, ListOrder, Window};
use crate::graphql::plugin::PluginVersion;
use crate::graphql::policy::{Policy, Side};

#[derive(Debug, Default)]
pub(super) struct PolicyQueries;

#[Object]
impl PolicyQueries {
    /// The plugin versions that the viewer may bind, newest first: the house's and its own.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn plugins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, PluginVersion>, Failure> {
        let request = Window { first, after, last, before, order }.request("plugins")?;
        let found = asking(ctx).view.read().await?.plugins(&request).await?;
        Ok(page::connection("plugins", found, PluginVersion))
    }

    /// The viewer's policies, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn policies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only such ones.")] filter: Option<PolicyFilter>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Policy>, Failure> {
        let request = Window { first, after, last, before, order }.request("policies")?;
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().resolve(asking).await?;
        let found = asking.view.read().await?.policies(&filter, &request).await?;
        Ok(page::connection("policies", found, Policy))
    }
}

/// Which policies; what is absent does not matter.
#[derive(Debug, Default, InputObject)]
struct PolicyFilter {
    /// Of this owner: `house`, or a partner's id or slug.
    owner: Option<String>,
    /// For this side.
    side: Option<Side>,
}

impl PolicyFilter {
    async fn resolve(self, asking: &Asking) -> Result<ports::PolicyFilter, Failure> {
        let owner = match self.owner {
            Some(named) => Some(asking.owner(&named).await?),
            None => None,
        };
        Ok(ports::PolicyFilter { owner, side: self.side.map(Into::into) })
    }
}
