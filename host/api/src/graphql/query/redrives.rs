//! Redrives, what they would send, and what they did.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object};
use lockgate_core::id::RedriveId;

use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::dead_letter::{DeliveryFilterInput, DeliveryGroup};
use crate::graphql::inputs;
use crate::graphql::page::{self, ListOrder, Window};
use crate::graphql::redrive::Redrive;

#[derive(Debug, Default)]
pub(super) struct RedriveQueries;

#[Object]
impl RedriveQueries {
    /// Dead letters by destination and cause, the largest group first, at most 500 groups.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn dead_letter_groups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that it chooses.")] filter: Option<DeliveryFilterInput>,
    ) -> Result<Vec<DeliveryGroup>, Failure> {
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().filter(asking, "filter").await?;
        let found = asking.view.read().await?.dead_letter_groups(&filter).await?;
        Ok(found.into_iter().map(DeliveryGroup).collect())
    }

    /// What a replay with this filter would send, by destination, without sending anything.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn replay_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which finished deliveries.")] filter: DeliveryFilterInput,
    ) -> Result<Vec<DeliveryGroup>, Failure> {
        let asking = asking(ctx);
        let filter = filter.own(asking, "filter").await?;
        let found = asking.view.read().await?.replay_groups(&filter).await?;
        Ok(found.into_iter().map(DeliveryGroup).collect())
    }

    /// The redrives of the viewer's partner, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn redrives(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Redrive>, Failure> {
        let request = Window { first, after, last, before, order }.request("redrives")?;
        let found = asking(ctx).view.read().await?.redrives(&request).await?;
        Ok(page::connection("redrives", found, Redrive))
    }

    /// A redrive, if the viewer may see it.
    async fn redrive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id, `rdr_...`.")] id: ID,
    ) -> Result<Option<Redrive>, Failure> {
        Ok(asking(ctx).one(inputs::id::<RedriveId>("id", &id)?).await?.map(Redrive))
    }
}
