//! Partners and agreements.

use async_graphql::connection::Connection;
use async_graphql::{Context, Object};
use lockgate_core::code::Code;

use crate::failure::Failure;
use crate::graphql::agreement::Agreement;
use crate::graphql::asking::asking;
use crate::graphql::page::{self, Window};
use crate::graphql::partner::Partner;

#[derive(Debug, Default)]
pub(super) struct PartnerQueries;

#[Object]
impl PartnerQueries {
    /// A partner that the viewer may see: its own, or one that it has an agreement with.
    async fn partner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The partner's id or slug.")] named: String,
    ) -> Result<Option<Partner>, Failure> {
        match asking(ctx).partner(&named).await {
            Ok(partner) => Ok(Some(Partner(partner))),
            Err(failure) if failure.code == Code::PartnerNotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The partners that the viewer may see, newest first.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn partners(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Partner>, Failure> {
        let request = Window { first, after, last, before }.request("partners")?;
        let found = asking(ctx).view.read().await?.partners(&request).await?;
        Ok(page::connection("partners", found, Partner))
    }

    /// The agreements that the viewer may see, newest first.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that name this partner, by id or slug.")] of: Option<String>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Agreement>, Failure> {
        let request = Window { first, after, last, before }.request("agreements")?;
        let asking = asking(ctx);
        let of = match of {
            Some(named) => Some(asking.partner(&named).await?.id),
            None => None,
        };
        let found = asking.view.read().await?.agreements(of, &request).await?;
        Ok(page::connection("agreements", found, Agreement))
    }
}
