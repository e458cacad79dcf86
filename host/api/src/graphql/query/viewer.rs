//! Who asks, and anything by its id.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use futures::future::try_join_all;
use lockgate_core::viewer::Role;

use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::node::Node;
use crate::graphql::page;
use crate::graphql::partner::Partner;

#[derive(Debug, Default)]
pub(super) struct ViewerQueries;

#[Object]
impl ViewerQueries {
    /// Who asks.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Viewer, Failure> {
        let asking = asking(ctx);
        let partner = match asking.viewer.role.partner() {
            Some(partner) => asking.one(partner).await?.map(Partner),
            None => None,
        };
        Ok(Viewer { subject: asking.viewer.subject.clone(), role: asking.viewer.role.into(), partner })
    }

    /// Whatever has this id; null if there is none or the viewer may not see it.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id that this API gave out.")] id: ID,
    ) -> Result<Option<Node>, Failure> {
        asking(ctx).node("id", &id).await
    }

    /// Whatever has these ids, in their order; null where there is none or the viewer may not see it.
    #[graphql(complexity = "ids.len().min(1000) * child_complexity + 1")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most 100 ids that this API gave out.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Failure> {
        page::check(ids.len())?;
        let asking = asking(ctx);
        try_join_all(ids.iter().enumerate().map(|(at, id)| asking.node(format!("ids.{at}"), id))).await
    }
}

/// Who asks.
#[derive(Debug, Clone, SimpleObject)]
struct Viewer {
    /// The subject of the token; named in provenance.
    subject: String,
    /// In which role.
    role: ViewerRole,
    /// For which partner; null for an operator.
    partner: Option<Partner>,
}

/// The roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
enum ViewerRole {
    /// Sends, receives and asks for one partner.
    Partner,
    /// Publishes plugins and policies for one partner, and sees that partner's side.
    Integrator,
    /// Runs the installation.
    Operator,
}

impl From<Role> for ViewerRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Partner(_) => Self::Partner,
            Role::Integrator(_) => Self::Integrator,
            Role::Operator => Self::Operator,
        }
    }
}
