//! Policy revisions: published as drafts, then activated.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use lockgate_core::registrar::NewPolicy;

use super::done;
use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::binding_input::BindingInput;
use crate::graphql::inputs;
use crate::graphql::policy::Side;
use crate::graphql::revision::Revision;

#[derive(Debug, Default)]
pub(super) struct PolicyMutations;

#[Object]
impl PolicyMutations {
    /// Publishes an immutable revision as the next number of its policy. It is a draft: it judges nothing until it is
    /// activated. Every binding is checked, settings included.
    async fn publish_revision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The revision.")] input: PublishRevisionInput,
    ) -> Result<RevisionPayload, Failure> {
        let asking = asking(ctx);
        let bindings: Result<Vec<_>, _> = input.bindings.into_iter().map(BindingInput::read).collect();
        let new = NewPolicy {
            owner: asking.owner(&input.owner).await?,
            side: input.side.into(),
            bindings: bindings?,
            note: input.note.unwrap_or_default(),
        };
        let published = done(asking, asking.state.registrar.publish_policy(&asking.viewer, new).await).await?;
        Ok(RevisionPayload { revision: Revision(published) })
    }

    /// Makes a revision the active one of its policy and retires the one before. What was claimed before keeps the
    /// revision that it was claimed under.
    async fn activate_revision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which revision.")] input: ActivateRevisionInput,
    ) -> Result<RevisionPayload, Failure> {
        let asking = asking(ctx);
        let id = inputs::id("input.revision", &input.revision)?;
        let active = done(asking, asking.state.registrar.activate(&asking.viewer, id).await).await?;
        Ok(RevisionPayload { revision: Revision(active) })
    }
}

/// A revision to publish.
#[derive(Debug, InputObject)]
struct PublishRevisionInput {
    /// Whose policy: `house`, or a partner's id or slug.
    owner: String,
    /// For which side.
    side: Side,
    /// What is to run, in order.
    bindings: Vec<BindingInput>,
    /// Why it is made.
    note: Option<String>,
}

/// A revision to activate.
#[derive(Debug, InputObject)]
struct ActivateRevisionInput {
    /// Its id.
    revision: ID,
}

/// The revision as it is now.
#[derive(Debug, SimpleObject)]
struct RevisionPayload {
    /// The revision.
    revision: Revision,
}
