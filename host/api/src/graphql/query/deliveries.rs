//! Consignments and deliveries across transfers: the review desk's list, and the dead letters.
#![expect(clippy::too_many_arguments, reason = "a list takes what the schema says that lists take")]

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object};
use lockgate_core::id::{DestinationId, TransferId};
use lockgate_core::ports;

use crate::failure::Failure;
use crate::graphql::asking::{Asking, asking};
use crate::graphql::consignment::{Consignment, ConsignmentState};
use crate::graphql::dead_letter::DeliveryFilterInput;
use crate::graphql::delivery::{Delivery, DeliveryState};
use crate::graphql::inputs;
use crate::graphql::page::{self, ListOrder, Window};

#[derive(Debug, Default)]
pub(super) struct DeliveryQueries;

#[Object]
impl DeliveryQueries {
    /// The consignments that the viewer receives, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn consignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only such ones.")] filter: Option<ConsignmentFilter>,
        #[graphql(desc = "Only those in this state; short for a filter with one state.")] state: Option<
            ConsignmentState,
        >,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Consignment>, Failure> {
        let request = Window { first, after, last, before, order }.request("consignments")?;
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().resolve(state, asking).await?;
        let found = asking.view.read().await?.consignments(&filter, &request).await?;
        Ok(page::connection("consignments", found, Consignment))
    }

    /// The deliveries to the viewer, newest first; all, for an operator.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only such ones.")] filter: Option<DeliveryFilter>,
        #[graphql(desc = "Only those in this state; short for a filter with one state.")] state: Option<DeliveryState>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Delivery>, Failure> {
        let request = Window { first, after, last, before, order }.request("deliveries")?;
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().resolve(state, asking).await?;
        let found = asking.view.read().await?.deliveries(&filter, &request).await?;
        Ok(page::connection("deliveries", found, Delivery))
    }

    /// The deliveries that were given up, newest first; each can be redriven.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that it chooses.")] filter: Option<DeliveryFilterInput>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Delivery>, Failure> {
        let request = Window { first, after, last, before, order }.request("deadLetters")?;
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().filter(asking, "filter").await?;
        let found = asking.view.read().await?.dead_letters(&filter, &request).await?;
        Ok(page::connection("deadLetters", found, Delivery))
    }
}

/// Which consignments; what is absent does not matter.
#[derive(Debug, Default, InputObject)]
struct ConsignmentFilter {
    /// In one of these states.
    states: Option<Vec<ConsignmentState>>,
    /// From this sender, by id or slug.
    sender: Option<String>,
    /// For this receiver, by id or slug.
    receiver: Option<String>,
    /// Of this transfer.
    transfer: Option<ID>,
}

impl ConsignmentFilter {
    async fn resolve(
        self,
        state: Option<ConsignmentState>,
        asking: &Asking,
    ) -> Result<ports::ConsignmentFilter, Failure> {
        let states = self.states.unwrap_or_default().into_iter().chain(state);
        let mut filter = ports::ConsignmentFilter {
            states: states.map(Into::into).collect(),
            transfer: self.transfer.map(|id| inputs::id::<TransferId>("filter.transfer", &id)).transpose()?,
            ..ports::ConsignmentFilter::default()
        };
        if let Some(named) = self.sender {
            filter.sender = Some(asking.partner(&named).await?.id);
        }
        if let Some(named) = self.receiver {
            filter.receiver = Some(asking.partner(&named).await?.id);
        }
        Ok(filter)
    }
}

/// Which deliveries; what is absent does not matter.
#[derive(Debug, Default, InputObject)]
struct DeliveryFilter {
    /// In one of these states.
    states: Option<Vec<DeliveryState>>,
    /// To this receiver, by id or slug.
    receiver: Option<String>,
    /// To this destination.
    destination: Option<ID>,
    /// Of this transfer.
    transfer: Option<ID>,
}

impl DeliveryFilter {
    async fn resolve(self, state: Option<DeliveryState>, asking: &Asking) -> Result<ports::DeliveryFilter, Failure> {
        let states = self.states.unwrap_or_default().into_iter().chain(state);
        let mut filter = ports::DeliveryFilter {
            states: states.map(Into::into).collect(),
            destination: self
                .destination
                .map(|id| inputs::id::<DestinationId>("filter.destination", &id))
                .transpose()?,
            transfer: self.transfer.map(|id| inputs::id::<TransferId>("filter.transfer", &id)).transpose()?,
            ..ports::DeliveryFilter::default()
        };
        if let Some(named) = self.receiver {
            filter.receiver = Some(asking.partner(&named).await?.id);
        }
        Ok(filter)
    }
}
