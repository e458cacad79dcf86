//! Delivering: one attempt at one destination, and what follows from the answer.

mod rejudge;

use std::time::Duration;

use tracing::Instrument;
use uuid::Uuid;

use super::{Abort, Pipeline};
use crate::change::Change;
use crate::claim::{Aggregate, Claim};
use crate::command::Work;
use crate::consignment::Consignment;
use crate::delivery::{Answer, Attempt, Cause, Delivery, Wait};
use crate::destination::{Destination, DestinationStatus};
use crate::id::AttemptId;
use crate::partner::PartnerStatus;
use crate::ports::{Admission, Consigned, Handover};
use crate::retry::{RetrySchedule, spread};
use crate::state::{ADOPTIONS, DeliveryMove, Stamp, delivery as state};
use crate::time::Timestamp;
use crate::trace::TraceContext;

/// Deliveries that wait for the same thing look again spread over a tenth more.
const SPREAD: f64 = 0.1;

impl Pipeline {
    pub(super) async fn deliver(&self, claim: &Claim, delivery: &Delivery) -> Result<Change, Abort> {
        let wanted = match self.obstacle(delivery).await? {
            Err(wanted) => wanted,
            Ok(_) if delivery.judges => self.rejudge(claim, delivery).await?,
            Ok(destination) => match self.ports.store.admit(claim, &destination).await? {
                Admission::Go => self.attempt(claim, delivery, destination).await?,
                Admission::Wait { until, waits } => {
                    DeliveryMove::Postpone { until: self.spread(delivery, until), waits }
                }
                Admission::Stale => return Err(Abort::Stale),
            },
        };
        let stamp = Stamp::of_claim(claim, self.ports.clock.now());
        Ok(state::apply(delivery, wanted, &stamp)?)
    }

    /// The time to look again, so that those who wait for the same do not come together.
    pub(super) fn spread(&self, delivery: &Delivery, until: Timestamp) -> Timestamp {
        let now = self.ports.clock.now();
        let pause = Duration::try_from(until - now).unwrap_or_default().max(self.settings.postpone);
        now + pause.mul_f64(1.0 + SPREAD * spread(delivery.id.uuid(), delivery.attempts))
    }

    /// What stands against an attempt now, or where it goes.
    async fn obstacle(&self, delivery: &Delivery) -> Result<Result<Destination, DeliveryMove>, Abort> {
        let store = &self.ports.store;
        let give_up = |reason: String, cause| Ok(Err(DeliveryMove::GiveUp { reason, cause }));
        if delivery.adoptions >= ADOPTIONS {
            return give_up("three hosts ended while they attempted it".to_owned(), Cause::HostsEnded);
        }
        let Some(destination) = store.destination(delivery.destination).await? else {
            return give_up("its destination does not exist any more".to_owned(), Cause::Disabled);
        };
        if destination.status == DestinationStatus::Disabled {
            let name = &destination.name;
            let why = format!("the destination `{name}` is disabled; enable it, then redrive the delivery");
            return give_up(why, Cause::Disabled);
        }
        let now = self.ports.clock.now();
        let postpone = |until: Timestamp, waits| Ok(Err(DeliveryMove::Postpone { until, waits }));
        if self.partner(delivery.receiver).await?.status == PartnerStatus::Suspended {
            return postpone(now + 60 * self.settings.postpone, Wait::Partner);
        }
        if let Some(position) = delivery.position {
            let first = store.first_unfinished(delivery.destination).await?;
            if first.is_some_and(|first| first < position) {
                return postpone(now + self.settings.postpone, Wait::Line);
            }
        }
        Ok(Ok(destination))
    }

    async fn attempt(
        &self,
        claim: &Claim,
        delivery: &Delivery,
        destination: Destination,
    ) -> Result<DeliveryMove, Abort> {
        let consignment = self.share(delivery).await?;
        let payload = delivery.released.clone().or(consignment.released);
        let payload = payload.ok_or(Abort::Broken("a delivery of an unreleased consignment"))?;
        let transfer = self.transfer(delivery.transfer).await?;
        let sender = self.partner(transfer.sender).await?;
        let span = tracing::Span::current();
        let begun = self.ports.clock.now();
        let schedule = destination.settings.retries_seconds.clone();
        let schedule = schedule.unwrap_or_else(|| self.settings.deliveries.clone());
        let consigned = Consigned {
            delivery: delivery.clone(),
            destination,
            payload,
            transfer: transfer.id,
            sender: sender.slug,
            file_name: transfer.file_name,
            at: begun,
            trace: self.onward(&span, &delivery.trace),
        };
        let handover = self.ports.connector.deliver(&consigned).instrument(span.clone()).await;
        span.record("delivery.answer", word(&handover.answer));
        let number = delivery.attempts + 1;
        let (attempt, next) = self.attempted(claim, delivery.id.uuid(), number, begun, handover, &schedule);
        tracing::info!(
            delivery.id = %delivery.id, transfer.id = %delivery.transfer, attempt.number = number,
            attempt.answer = word(&attempt.answer), "A delivery was attempted."
        );
        Ok(DeliveryMove::Attempt { attempt, next, destination: Box::new(consigned.destination) })
    }

    /// The consignment that a delivery hands over.
    async fn share(&self, delivery: &Delivery) -> Result<Consignment, Abort> {
        match self.ports.store.load(Work::Consignment(delivery.consignment)).await? {
            Some(Aggregate::Consignment(it)) => Ok(it),
            _ => Err(Abort::Broken("a delivery without its consignment")),
        }
    }

    /// The attempt as it is kept, and when another is due if it failed and the schedule has one left.
    pub(super) fn attempted(
        &self,
        claim: &Claim,
        work: Uuid,
        number: u32,
        begun: Timestamp,
        Handover { answer, from_offset }: Handover,
        schedule: &RetrySchedule,
    ) -> (Attempt, Option<Timestamp>) {
        let ended = self.ports.clock.now();
        let next = match &answer {
            Answer::Failed { retry_after, .. } => schedule.next(number, ended, *retry_after, spread(work, number)),
            Answer::Taken { .. } | Answer::Refused { .. } => None,
        };
        let took = Duration::try_from(ended - begun).unwrap_or_default();
        let id = AttemptId::generate(begun);
        (Attempt { id, number, started_at: begun, took, host: claim.host, from_offset, answer }, next)
    }

    /// The context to pass on: the current span's, or the one that the work came with if nothing traces.
    pub(super) fn onward(&self, span: &tracing::Span, carried: &TraceContext) -> TraceContext {
        let context = self.ports.tracer.context(span);
        if context.0.is_some() { context } else { carried.clone() }
    }
}

const fn word(answer: &Answer) -> &'static str {
    match answer {
        Answer::Taken { .. } => "taken",
        Answer::Failed { .. } => "failed",
        Answer::Refused { .. } => "refused",
    }
}
