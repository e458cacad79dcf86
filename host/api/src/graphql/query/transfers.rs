//! Transfers: one by id, many by filter.
#![expect(clippy::too_many_arguments, reason = "a list takes what the schema says that lists take")]

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object};
use lockgate_core::id::TransferId;
use lockgate_core::ports;
use lockgate_core::time::Timestamp;

use crate::failure::Failure;
use crate::graphql::asking::{Asking, asking};
use crate::graphql::inputs;
use crate::graphql::page::{self, ListOrder, Window};
use crate::graphql::transfer::{Transfer, TransferState};

#[derive(Debug, Default)]
pub(super) struct TransferQueries;

#[Object]
impl TransferQueries {
    /// A transfer; null if there is none or the viewer may not see it.
    async fn transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The transfer's id, `trf_...`.")] id: ID,
    ) -> Result<Option<Transfer>, Failure> {
        Ok(asking(ctx).one(inputs::id::<TransferId>("id", &id)?).await?.map(Transfer))
    }

    /// The transfers that the viewer sent or receives, newest first.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn transfers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only such ones.")] filter: Option<TransferFilter>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Transfer>, Failure> {
        let request = Window { first, after, last, before, order }.request("transfers")?;
        let asking = asking(ctx);
        let filter = filter.unwrap_or_default().resolve(asking).await?;
        let found = asking.view.read().await?.transfers(&filter, &request).await?;
        Ok(page::connection("transfers", found, Transfer))
    }
}

/// Which transfers; what is absent does not matter.
#[derive(Debug, Default, InputObject)]
struct TransferFilter {
    /// In one of these states.
    states: Option<Vec<TransferState>>,
    /// From this sender, by id or slug.
    sender: Option<String>,
    /// For this receiver, by id or slug.
    receiver: Option<String>,
    /// With exactly this file name.
    file_name: Option<String>,
    /// Announced at or after.
    since: Option<Timestamp>,
    /// Announced before.
    until: Option<Timestamp>,
    /// With deliveries that were given up and not sent since, or without; of those that the viewer sees.
    dead_lettered: Option<bool>,
}

impl TransferFilter {
    async fn resolve(self, asking: &Asking) -> Result<ports::TransferFilter, Failure> {
        let mut filter = ports::TransferFilter {
            states: self.states.unwrap_or_default().into_iter().map(Into::into).collect(),
            file_name: self.file_name,
            since: self.since,
            until: self.until,
            dead_lettered: self.dead_lettered,
            ..ports::TransferFilter::default()
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
