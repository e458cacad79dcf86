//! Commits a change: everything it says in one transaction, or nothing.
//!
//! Lock order: (redrive, lane,) transfer, consignment, (destinations,) delivery, breaker, outbox. The transfer's row is
//! locked first whenever its provenance grows or its shares move, so that two shares that settle at once roll up one
//! after the other.

use lockgate_core::change::{Change, TurningOff};
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Command;
use lockgate_core::delivery::DeliveryState;
use lockgate_core::id::UploadId;
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::CommitError;
use lockgate_core::transfer::Transfer;
use sqlx::PgConnection;

use crate::breaker;
use crate::error::{Failure, commit_error};
use crate::nudge;
use crate::provenance::{Audience, Head, chain};
use crate::store::PgStore;

mod aggregate;
mod create;
mod line;
mod lock;
mod object;
mod outbox;
mod proof;
mod roll_up;
mod tell;
mod turn_off;
mod waiting;

pub(crate) use outbox::ring;

/// Writes a change if its version still matches.
pub(crate) async fn commit(store: &PgStore, change: &Change) -> Result<(), CommitError> {
    retried!(run(store, change, None)).map_err(|failure| commit_error(change.work(), failure))
}

/// Writes the change that makes a transfer received; its upload must be sealed.
pub(crate) async fn receive(store: &PgStore, upload: UploadId, change: &Change) -> Result<(), CommitError> {
    retried!(run(store, change, Some(upload))).map_err(|failure| commit_error(change.work(), failure))
}

async fn run(store: &PgStore, change: &Change, upload: Option<UploadId>) -> Result<(), Failure> {
    let mut transaction = store.worker.begin().await?;
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
    let commands = std::mem::take(&mut writing.commands);
    ring(writing.connection, &commands).await?;
    let nudges = std::mem::take(&mut writing.nudges);
    nudge::keep(writing.connection, &nudges).await?;
    Ok(Rings { commands: !commands.is_empty(), nudges: !nudges.is_empty(), off: writing.off })
}

/// A transaction under way, with what was locked first.
struct Writing<'c> {
    connection: &'c mut PgConnection,
    /// The transfer, locked; absent where neither its provenance nor its shares can move.
    transfer: Option<Transfer>,
    /// What to put in the outbox, in order, at the end.
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
        if let (Some(_), Aggregate::Delivery(delivery)) = (&transfer, change.next()) {
            lock::consignment(connection, delivery.consignment).await?;
        }
        Ok(Self { connection, transfer, commands: vec![], nudges: vec![], off: false })
    }

    /// Writes one change, the caller's or one that follows from it by rolling up.
    async fn apply(&mut self, change: &Change) -> Result<(), Failure> {
        aggregate::write(self.connection, change).await?;
        self.commands.extend(change.commands());
        self.nudges.extend(Nudge::of(change));
        create::consignments(self.connection, change.consignments()).await?;
        create::deliveries(self.connection, change.deliveries()).await?;
        create::notifications(self.connection, change.notifications()).await?;
        let off = match (change.disables(), change.channel()) {
            (Some(destination), _) => turn_off::destination(self.connection, destination).await?,
            (None, Some((channel, health))) => turn_off::channel(self.connection, *channel, health).await?,
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
        self.prove(change, off).await?;
        let events: Vec<_> = change.events().iter().chain(off.map(|it| &it.event)).collect();
        let told = tell::events(self.connection, &events, change).await?;
        self.commands.extend(told);
        self.off |= off.is_some();
        Ok(())
    }

    async fn prove(&mut self, change: &Change, off: Option<&TurningOff>) -> Result<(), Failure> {
        if change.entries().is_empty() && off.is_none() {
            return Ok(());
        }
        let transfer = self.transfer.as_mut().ok_or_else(|| Failure::broken("entries without their transfer"))?;
        let audience = |entry| match change.next() {
            Aggregate::Notification(it) => {
                it.owner.partner().map(|owner| Audience::of_owner(owner, transfer.sender)).unwrap_or_default()
            }
            other => Audience::of(entry, transfer.sender.uuid(), Some(other.partner().uuid())),
        };
        let mut entries: Vec<_> = change.entries().iter().map(|entry| (entry.clone(), audience(entry))).collect();
        entries.extend(off.map(|it| {
            let audience = Audience::of_owner(it.event.partner, transfer.sender);
            (it.entry.clone(), audience)
        }));
        let head = Head { length: transfer.provenance_length, link: transfer.provenance_head };
        let head = chain(self.connection, transfer.id, head, &entries).await?;
        (transfer.provenance_length, transfer.provenance_head) = (head.length, head.link);
        Ok(())
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
