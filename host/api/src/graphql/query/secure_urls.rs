//! The secure URLs that a partner gave out.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object};
use lockgate_core::id::TransferId;

use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::inputs;
use crate::graphql::page::{self, ListOrder, Window};
use crate::graphql::secure_url::SecureUrl;

#[derive(Debug, Default)]
pub(super) struct SecureUrlQueries;

#[Object]
impl SecureUrlQueries {
    /// The secure URLs of the viewer's partner, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    #[expect(clippy::too_many_arguments, reason = "a list takes what the schema says that lists take")]
    async fn secure_urls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that fetch from this transfer.")] transfer: Option<ID>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, SecureUrl>, Failure> {
        let request = Window { first, after, last, before, order }.request("secureUrls")?;
        let transfer = transfer.map(|id| inputs::id::<TransferId>("transfer", &id)).transpose()?;
        let found = asking(ctx).view.read().await?.secure_urls(transfer, &request).await?;
        Ok(page::connection("secureUrls", found, SecureUrl))
    }
}
