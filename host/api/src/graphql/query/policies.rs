//! Plugins and policies.

use async_graphql::connection::Connection;
use async_graphql::{Context, Object};

use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::page::{self, Window};
use crate::graphql::plugin::PluginVersion;
use crate::graphql::policy::Policy;

#[derive(Debug, Default)]
pub(super) struct PolicyQueries;

#[Object]
impl PolicyQueries {
    /// The plugin versions that the viewer may bind, newest first: the house's and its own.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn plugins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, PluginVersion>, Failure> {
        let request = Window { first, after, last, before }.request("plugins")?;
        let found = asking(ctx).view.read().await?.plugins(&request).await?;
        Ok(page::connection("plugins", found, PluginVersion))
    }

    /// The viewer's policies, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn policies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Policy>, Failure> {
        let request = Window { first, after, last, before }.request("policies")?;
        let found = asking(ctx).view.read().await?.policies(&request).await?;
        Ok(page::connection("policies", found, Policy))
    }
}
