//! Partners and agreements.
#![expect(clippy::too_many_arguments, reason = "a list takes what the schema says that lists take")]

use async_graphql::connection::Connection;
use async_graphql::{Context, InputObject, Object};
use lockgate_core::code::Code;
use lockgate_core::ports;

use crate::failure::Failure;
use crate::graphql::agreement::Agreement;
use crate::graphql::asking::asking;
use crate::graphql::page::{self, ListOrder, Window};
use crate::graphql::partner::{Partner, PartnerStatus};

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
        #[graphql(desc = "Only such ones.")] filter: Option<PartnerFilter>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Partner>, Failure> {
        let request = Window { first, after, last, before, order }.request("partners")?;
        let found = asking(ctx).view.read().await?.partners(&filter.unwrap_or_default().into(), &request).await?;
        Ok(page::connection("partners", found, Partner))
    }

    /// The agreements that the viewer may see, newest first.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn agreements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that name this partner, by id or slug.")] of: Option<String>,
        #[graphql(desc = "In which order; the newest first if nothing is said.")] order: Option<ListOrder>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Agreement>, Failure> {
        let request = Window { first, after, last, before, order }.request("agreements")?;
        let asking = asking(ctx);
        let of = match of {
            Some(named) => Some(asking.partner(&named).await?.id),
            None => None,
        };
        let found = asking.view.read().await?.agreements(of, &request).await?;
        Ok(page::connection("agreements", found, Agreement))
    }
}

/// Which partners; what is absent does not matter.
#[derive(Debug, Default, InputObject)]
struct PartnerFilter {
    /// In this status.
    status: Option<PartnerStatus>,
    /// Whose slug begins so.
    slug_prefix: Option<String>,
}

impl From<PartnerFilter> for ports::PartnerFilter {
    fn from(filter: PartnerFilter) -> Self {
        Self { status: filter.status.map(Into::into), slug_prefix: filter.slug_prefix }
    }
}
