//! Policies in GraphQL.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object};
use lockgate_core::policy as core;

use super::asking::asking;
use super::loads::RevisionsOf;
use super::page::{self, Window};
use super::partner::Partner;
use super::revision::Revision;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct Policy(pub(super) core::Policy);

/// An owner's ordered bindings for one side.
#[Object]
impl Policy {
    /// Its id, `pol_...`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// Whose it is; null for the house policy, which stands above all partners'.
    async fn owner(&self, ctx: &Context<'_>) -> Result<Option<Partner>, Failure> {
        match self.0.owner.partner() {
            Some(partner) => Ok(asking(ctx).one(partner).await?.map(Partner)),
            None => Ok(None),
        }
    }

    /// For which side it is.
    async fn side(&self) -> Side {
        self.0.side.into()
    }

    /// Its revisions, newest first.
    #[graphql(complexity = "page::weight(first, last) * child_complexity + 1")]
    async fn revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning, at most 100; 25 if nothing is said.")] first: Option<i32>,
        #[graphql(desc = "Only what follows this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what precedes this cursor.")] before: Option<String>,
    ) -> Result<Connection<String, Revision>, Failure> {
        let request = Window { first, after, last, before, order: None }.request("revisions")?;
        let found = asking(ctx).one(RevisionsOf(self.0.id, request)).await?;
        Ok(page::connection("revisions", found.unwrap_or(page::empty()), Revision))
    }
}

/// The two sides of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Side")]
pub(super) enum Side {
    /// What is accepted from the partner.
    Inbound,
    /// What is let out to the partner.
    Outbound,
}
