//! Consignments and deliveries across transfers: the review desk's list, and the dead letters.

use async_graphql::connection::Connection;
use async_graphql::{Context, Object};

use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::consignment::{Consignment, ConsignmentState};
use crate::graphql::dead_letter::DeliveryFilterInput;
use crate::graphql::delivery::{Delivery, DeliveryState};
use crate::graphql::page::{self, Window};

#[derive(Debug, Default)]
pub(super) struct DeliveryQueries;

#[Object]
impl DeliveryQueries {
    /// The consignments that the viewer receives, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn consignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<ConsignmentState>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Consignment>, Failure> {
        let request = Window { first, after, last, before }.request("consignments")?;
        let found = asking(ctx).view.read().await?.consignments(state.map(Into::into), &request).await?;
        Ok(page::connection("consignments", found, Consignment))
    }

    /// The deliveries to the viewer, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<DeliveryState>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Delivery>, Failure> {
        let request = Window { first, after, last, before }.request("deliveries")?;
        let found = asking(ctx).view.read().await?.deliveries(state.map(Into::into), &request).await?;
        Ok(page::connection("deliveries", found, Delivery))
    }

    /// The deliveries that were given up, newest first; each can be redriven.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that it chooses.")] filter: Option<DeliveryFilterInput>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Delivery>, Failure> {
        let request = Window { first, after, last, before }.request("deadLetters")?;
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().filter(asking).await?;
        let found = asking.view.read().await?.dead_letters(&filter, &request).await?;
        Ok(page::connection("deadLetters", found, Delivery))
    }
}
