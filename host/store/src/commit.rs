//! Commits a change: everything it says in one transaction, or nothing.
//!
//! Lock order: (redrive, lane,) transfer, consignment, (destinations,) delivery, breaker, outbox. The transfer's row is
//! locked first whenever its provenance grows or its shares move, so that two shares that settle at once roll up one
//! after the other.

use lockgate_core::change::{Change, TurningOff};
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Command;
use lockgate_core::consignment::Consignment;
use lockgate_core::delivery::DeliveryState;
use lockgate_core::id::UploadId;
use lockgate_core::notification::Event;
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::CommitError;
use lockgate_core::provenance::Entry;
use lockgate_core::trace::TraceContext;
use lockgate_core::transfer::Transfer;
use sqlx::PgConnection;

use crate::breaker;
use crate::error::{Failure, commit_error};
use crate::provenance::{Audience, Head, chain};
use crate::store::PgStore;

mod aggregate;
mod channel;
mod create;
mod line;
mod lock;
mod messages;
mod object;
mod outbox;
mod proof;
mod roll_up;
mod tell;
mod turn_off;
mod waiting;

pub(crate) use line::first as first_in_line;
pub(crate) use messages::Messages;
pub(crate) use outbox::ring;

/// Writes a change if its version still matches.
pub(crate) async fn commit(store: &PgStore, change: &Change) -> Result<(), CommitError> {
    if messages::is_small(change) { messages::commit(store, change).await } else { alone(store, change).await }
}

async fn alone(store: &PgStore, change: &Change) -> Result<(), CommitError> {
    retried!(run(store, change, None)).map_err(|failure| commit_error(change.work(), failure))
}

/// Writes the change that makes a transfer received; its upload must be sealed.
pub(crate) async fn receive(store: &PgStore, upload: UploadId, change: &Change) -> Result<(), CommitError> {
    retried!(run(store, change, Some(upload))).map_err(|failure| commit_error(change.work(), failure))
}

async fn run(store: &PgStore, change: &Change, upload: Option<UploadId>) -> Result<(), Failure> {
    let mut transaction = store.begin().await?;
    let rings = write(&mut transaction, change, upload).await?;
    transaction.commit().await?;
    if rings.off
        && let Some(off) = change.turns_off()
    {
        turn_off::log(&off.event);
    }
    rings.tell(store);
    Ok(())
}

/// Whom to wake once the transaction is committed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rings {
    commands: bool,
    nudges: bool,
    off: bool,
}

impl Rings {
    /// Wakes the relays that have something to carry.
    pub(crate) fn tell(self, store: &PgStore) {
        if self.nudges {
            store.nudged.notify_one();
        }
        if self.commands {
            store.wake.notify_one();
        }
    }
}

/// Writes a change in a transaction under way, and says whom it rings for.
pub(crate) async fn write(
    connection: &mut PgConnection,
    change: &Change,
    upload: Option<UploadId>,
) -> Result<Rings, Failure> {
    let mut writing = Writing::begin(connection, change).await?;
    writing.apply(change).await?;
    if let Some(upload) = upload {
        lock::sealed_upload(writing.connection, upload, change).await?;
    }
    roll_up::settle(&mut writing, change).await?;
    writing.finish().await
}

/// A transaction under way, with what was locked first. What is only ever appended is gathered and written at the end, a
/// statement for all of its kind.
struct Writing<'c> {
    connection: &'c mut PgConnection,
    /// The transfer, locked; absent where neither its provenance nor its shares can move.
    transfer: Option<Transfer>,
    /// The consignment, locked, where a delivery of it moves.
    consignment: Option<Consignment>,
    /// What to prove, in order.
    entries: Vec<(Entry, Audience)>,
    /// What to tell, in order, each with the trace that it happened in.
    events: Vec<(Event, TraceContext)>,
    /// What to put in the outbox, in order.
    commands: Vec<Command>,
    /// What those who follow will be told to look at.
    nudges: Vec<Nudge>,
    /// Whether a destination or channel was turned off.
    off: bool,
}

impl<'c> Writing<'c> {
    async fn begin(connection: &'c mut PgConnection, change: &Change) -> Result<Self, Failure> {
        let transfer =
            if stands_alone(change) { None } else { Some(lock::transfer(connection, change.transfer()).await?) };
        let consignment = match (&transfer, change.next()) {
            (Some(_), Aggregate::Delivery(delivery)) => {
                Some(lock::consignment(connection, delivery.consignment).await?)
            }
            _ => None,
        };
        Ok(Self {
            connection,
            transfer,
            consignment,
            entries: vec![],
            events: vec![],
            commands: vec![],
            nudges: vec![],
            off: false,
        })
    }

    /// Writes one change, the caller's or one that follows from it by rolling up.
    async fn apply(&mut self, change: &Change) -> Result<(), Failure> {
        aggregate::write(self.connection, change).await?;
        self.commands.extend(change.commands());
        for nudge in Nudge::of(change) {
            // One look sees all that one commit changed.
            if !self.nudges.contains(&nudge) {
                self.nudges.push(nudge);
            }
        }
        let keeper = change.keeper();
        create::consignments(self.connection, change.consignments(), keeper).await?;
        create::deliveries(self.connection, change.deliveries(), keeper).await?;
        create::parts(self.connection, &[change]).await?;
        let off = match (change.disables(), change.channel()) {
            (Some(destination), _) => turn_off::destination(self.connection, destination).await?,
            (None, Some((before, after))) => {
                let fared = channel::fares(self.connection, before, after).await?;
                self.commands.extend(fared.commands);
                fared.off
            }
            (None, None) => false,
        };
        let off = change.turns_off().filter(|_| off);
        object::promote(self.connection, change.promotes()).await?;
        object::discard(self.connection, change.discards()).await?;
        if let Some(decision) = change.decision() {
            proof::decision(self.connection, decision, change.next()).await?;
        }
        if let Aggregate::Delivery(delivery) = change.next() {
            if let Some(attempt) = change.attempt() {
                proof::attempt(self.connection, attempt, delivery).await?;
                let room = breaker::heard(self.connection, delivery, attempt).await?;
                self.commands.extend(waiting::next(self.connection, delivery, room).await?);
            }
            self.commands.extend(line::next(self.connection, delivery).await?);
        }
        self.prove(change, off)?;
        let trace = change.next().trace();
        let events = change.events().iter().chain(off.map(|it| &it.event));
        self.events.extend(events.map(|event| (event.clone(), trace.clone())));
        self.off |= off.is_some();
        Ok(())
    }

    fn prove(&mut self, change: &Change, off: Option<&TurningOff>) -> Result<(), Failure> {
        if change.entries().is_empty() && off.is_none() {
            return Ok(());
        }
        let transfer = self.transfer.as_ref().ok_or_else(|| Failure::broken("entries without their transfer"))?;
        let audience = |entry| match change.next() {
            Aggregate::Notification(it) => {
                it.owner.partner().map(|owner| Audience::of_owner(owner, transfer.sender)).unwrap_or_default()
            }
            other => Audience::of(entry, transfer.sender.uuid(), Some(other.partner().uuid())),
        };
        self.entries.extend(change.entries().iter().map(|entry| (entry.clone(), audience(entry))));
        self.entries.extend(off.map(|it| (it.entry.clone(), Audience::of_owner(it.event.partner, transfer.sender))));
        Ok(())
    }

    /// Writes what was gathered, and says whom it rings for.
    async fn finish(mut self) -> Result<Rings, Failure> {
        if let Some(transfer) = &self.transfer {
            let head = Head { length: transfer.provenance_length, link: transfer.provenance_head };
            chain(self.connection, transfer.id, head, &self.entries).await?;
        }
        self.commands.extend(tell::events(self.connection, &self.events).await?);
        ring(self.connection, &self.commands, &self.nudges).await?;
        Ok(Rings { commands: !self.commands.is_empty(), nudges: !self.nudges.is_empty(), off: self.off })
    }
}

/// Whether the change concerns its aggregate alone: a notification's own affairs, a delivery put off.
fn stands_alone(change: &Change) -> bool {
    change.entries().is_empty()
        && change.turns_off().is_none()
        && match change.next() {
            Aggregate::Notification(_) => true,
            Aggregate::Delivery(delivery) => delivery.state == DeliveryState::Scheduled && change.attempt().is_none(),
            Aggregate::Transfer(_) | Aggregate::Consignment(_) => false,
        }
}
