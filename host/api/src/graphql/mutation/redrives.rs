//! Redrives and replays: started, paused, resumed and cancelled by people.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use lockgate_core::redrive::{self as core, RedriveKind, RedriveMove};
use lockgate_core::redriver::NewRedrive;

use super::done;
use crate::failure::Failure;
use crate::graphql::asking::{Asking, asking};
use crate::graphql::dead_letter::DeliveryFilterInput;
use crate::graphql::inputs;
use crate::graphql::redrive::{Judging, Redrive};

#[derive(Debug, Default)]
pub(super) struct RedriveMutations;

#[Object]
impl RedriveMutations {
    /// Sends the dead letters that a filter chooses on their way again, paced, lowest position first.
    async fn start_redrive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which dead letters, how and why.")] input: StartRedriveInput,
    ) -> Result<RedrivePayload, Failure> {
        let asking = asking(ctx);
        let judging = input.judging.map_or(core::Judging::Released, Into::into);
        let new = NewRedrive {
            kind: RedriveKind::DeadLetters,
            filter: input.filter.unwrap_or_default().filter(asking, "input.filter").await?,
            judging,
            per_second: input.per_second,
            reason: input.reason,
        };
        start(asking, new).await
    }

    /// Sends finished deliveries once more, as new deliveries under idempotency keys of their own. `replayPlan` tells
    /// before what would be sent.
    async fn start_replay(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which finished deliveries, and why.")] input: StartReplayInput,
    ) -> Result<RedrivePayload, Failure> {
        let asking = asking(ctx);
        let new = NewRedrive {
            kind: RedriveKind::Replay,
            filter: input.filter.filter(asking, "input.filter").await?,
            judging: core::Judging::Released,
            per_second: input.per_second,
            reason: input.reason,
        };
        start(asking, new).await
    }

    /// Sends nothing for now; the redrive's place is kept.
    async fn pause_redrive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which redrive.")] input: DecideRedriveInput,
    ) -> Result<RedrivePayload, Failure> {
        decide(asking(ctx), &input, RedriveMove::Pause).await
    }

    /// Goes on where a redrive was paused.
    async fn resume_redrive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which redrive.")] input: DecideRedriveInput,
    ) -> Result<RedrivePayload, Failure> {
        decide(asking(ctx), &input, RedriveMove::Resume).await
    }

    /// Ends a redrive for good. What it had not sent stays a dead letter, for another redrive with the same filter.
    async fn cancel_redrive(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which redrive.")] input: DecideRedriveInput,
    ) -> Result<RedrivePayload, Failure> {
        decide(asking(ctx), &input, RedriveMove::Cancel).await
    }
}

async fn start(asking: &Asking, new: NewRedrive) -> Result<RedrivePayload, Failure> {
    let started = done(asking, asking.state.redriver.start(&asking.viewer, new).await).await?;
    Ok(RedrivePayload { redrive: Redrive(started) })
}

async fn decide(asking: &Asking, input: &DecideRedriveInput, wanted: RedriveMove) -> Result<RedrivePayload, Failure> {
    let id = inputs::id("input.redrive", &input.redrive)?;
    let moved = done(asking, asking.state.redriver.decide(&asking.viewer, id, wanted).await).await?;
    Ok(RedrivePayload { redrive: Redrive(moved) })
}

/// Dead letters to send again.
#[derive(Debug, InputObject)]
struct StartRedriveInput {
    /// Which of them; all that the viewer may redrive if nothing is said.
    filter: Option<DeliveryFilterInput>,
    /// By which judgement they leave; the bytes that were released if nothing is said.
    judging: Option<Judging>,
    /// How many a second to each destination, 1 to 1000; 50 if nothing is said.
    per_second: Option<u32>,
    /// Why, in a sentence; kept in the provenance of each transfer.
    reason: String,
}

/// Finished deliveries to send once more.
#[derive(Debug, InputObject)]
struct StartReplayInput {
    /// Which of them; `since` must be given.
    filter: DeliveryFilterInput,
    /// How many a second to each destination, 1 to 1000; 50 if nothing is said.
    per_second: Option<u32>,
    /// Why, in a sentence; kept in the provenance of each transfer.
    reason: String,
}

/// A redrive to decide about.
#[derive(Debug, InputObject)]
struct DecideRedriveInput {
    /// The redrive's id.
    redrive: ID,
}

/// The redrive as it is now.
#[derive(Debug, SimpleObject)]
struct RedrivePayload {
    /// The redrive.
    redrive: Redrive,
}
