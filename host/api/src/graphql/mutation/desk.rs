//! The moves that people make: release, refuse, cancel, redrive.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use lockgate_core::id::{ConsignmentId, TransferId};

use super::done;
use crate::failure::Failure;
use crate::graphql::asking::asking;
use crate::graphql::consignment::Consignment;
use crate::graphql::delivery::Delivery;
use crate::graphql::inputs;
use crate::graphql::transfer::Transfer;

#[derive(Debug, Default)]
pub(super) struct DeskMutations;

#[Object]
impl DeskMutations {
    /// Lets a held transfer or consignment go on.
    async fn release_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is let go, and why.")] input: DecideHoldInput,
    ) -> Result<DecideHoldPayload, Failure> {
        let asking = asking(ctx);
        let (desk, viewer, reason, trace) = (&asking.state.desk, &asking.viewer, &input.reason, &asking.trace);
        match input.held()? {
            Held::Transfer(id) => {
                let moved = done(asking, desk.release_transfer(viewer, id, reason, trace).await).await?;
                Ok(DecideHoldPayload { transfer: Some(Transfer(moved)), consignment: None })
            }
            Held::Consignment(id) => {
                let moved = done(asking, desk.release_consignment(viewer, id, reason, trace).await).await?;
                Ok(DecideHoldPayload { transfer: None, consignment: Some(Consignment(moved)) })
            }
        }
    }

    /// Refuses a held transfer or consignment.
    async fn refuse_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is refused, and why.")] input: DecideHoldInput,
    ) -> Result<DecideHoldPayload, Failure> {
        let asking = asking(ctx);
        let (desk, viewer, reason, trace) = (&asking.state.desk, &asking.viewer, &input.reason, &asking.trace);
        match input.held()? {
            Held::Transfer(id) => {
                let moved = done(asking, desk.refuse_transfer(viewer, id, reason, trace).await).await?;
                Ok(DecideHoldPayload { transfer: Some(Transfer(moved)), consignment: None })
            }
            Held::Consignment(id) => {
                let moved = done(asking, desk.refuse_consignment(viewer, id, reason, trace).await).await?;
                Ok(DecideHoldPayload { transfer: None, consignment: Some(Consignment(moved)) })
            }
        }
    }

    /// Takes a transfer back, as long as nothing of it has left.
    async fn cancel_transfer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which transfer, and why.")] input: CancelTransferInput,
    ) -> Result<CancelTransferPayload, Failure> {
        let asking = asking(ctx);
        let id = inputs::id("input.transfer", &input.transfer)?;
        let moved = asking.state.desk.cancel(&asking.viewer, id, &input.reason, &asking.trace).await;
        Ok(CancelTransferPayload { transfer: Transfer(done(asking, moved).await?) })
    }

    /// Sends a dead letter on its way again, under the same delivery id; refused while its destination is disabled.
    async fn redrive_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which delivery, and why.")] input: RedriveDeliveryInput,
    ) -> Result<RedriveDeliveryPayload, Failure> {
        let asking = asking(ctx);
        let id = inputs::id("input.delivery", &input.delivery)?;
        let moved = asking.state.desk.redrive(&asking.viewer, id, &input.reason, &asking.trace).await;
        Ok(RedriveDeliveryPayload { delivery: Delivery(done(asking, moved).await?) })
    }
}

enum Held {
    Transfer(TransferId),
    Consignment(ConsignmentId),
}

/// A decision about something that waits for a person.
#[derive(Debug, InputObject)]
struct DecideHoldInput {
    /// The held transfer's or consignment's id.
    id: ID,
    /// Why, in a sentence; kept in provenance.
    reason: String,
}

impl DecideHoldInput {
    fn held(&self) -> Result<Held, Failure> {
        let wrong = || inputs::wrong_id("input.id", "only a transfer or a consignment can be held");
        match (self.id.parse(), self.id.parse()) {
            (Ok(id), _) => Ok(Held::Transfer(id)),
            (_, Ok(id)) => Ok(Held::Consignment(id)),
            _ => Err(wrong()),
        }
    }
}

/// What was decided about.
#[derive(Debug, SimpleObject)]
struct DecideHoldPayload {
    /// The transfer, if it was one.
    transfer: Option<Transfer>,
    /// The consignment, if it was one.
    consignment: Option<Consignment>,
}

/// A transfer to take back.
#[derive(Debug, InputObject)]
struct CancelTransferInput {
    /// The transfer's id.
    transfer: ID,
    /// Why, in a sentence; both sides may read it.
    reason: String,
}

/// The transfer that was taken back.
#[derive(Debug, SimpleObject)]
struct CancelTransferPayload {
    /// The transfer.
    transfer: Transfer,
}

/// A dead letter to send again.
#[derive(Debug, InputObject)]
struct RedriveDeliveryInput {
    /// The delivery's id.
    delivery: ID,
    /// Why, in a sentence; kept in provenance.
    reason: String,
}

/// The delivery that is under way again.
#[derive(Debug, SimpleObject)]
struct RedriveDeliveryPayload {
    /// The delivery.
    delivery: Delivery,
}
