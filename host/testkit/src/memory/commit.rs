//! Writes a change whole or not at all: the truth rule of the store in memory.

use super::world::State;
use lockgate_core::change::Change;
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::consignment::ConsignmentState;
use lockgate_core::delivery::DeliveryState;
use lockgate_core::destination::{Destination, DestinationStatus, Disabled};
use lockgate_core::id::{HostId, NotificationId, TransferId};
use lockgate_core::notification::{Channel, Event, Notification, NotificationState};
use lockgate_core::policy::{Owner, Revision, Rollout};
use lockgate_core::ports::CommitError;
use lockgate_core::provenance::{ChainedEntry, Entry, link};
use lockgate_core::state::{Stamp, consignment, transfer};
use lockgate_core::transfer::TransferState;

impl State {
    pub(super) fn write(&mut self, change: &Change) -> Result<(), CommitError> {
        let found = self.aggregates.get(&change.work()).map(Aggregate::version);
        if found != Some(change.expected()) {
            return Err(CommitError::Stale(change.work()));
        }
        if !change.goes_on() {
            self.claims.remove(&change.work());
        }
        self.put_next(change.next());
        if let Work::Notification(id) = change.work() {
            self.on_their_way.remove(&id);
        }
        if let Aggregate::Transfer(it) = change.next()
            && it.state == TransferState::Received
            && !self.receipts.contains(&it.id)
        {
            self.receipts.push(it.id);
        }
        if let Aggregate::Transfer(it) = change.next()
            && matches!(it.state, TransferState::Cancelled | TransferState::Expired)
            && it.source.is_none()
        {
            self.give_back(it.id);
        }
        for it in change.consignments() {
            self.create(Aggregate::Consignment(it.clone()), change.keeper());
        }
        for it in change.deliveries() {
            let mut delivery = it.delivery.clone();
            if it.ordered {
                self.positions += 1;
                delivery.position = Some(self.positions);
            }
            self.create(Aggregate::Delivery(delivery), change.keeper().filter(|_| it.has_its_turn()));
        }
        for it in change.notifications() {
            self.create(Aggregate::Notification(it.clone()), change.keeper());
        }
        change.entries().iter().for_each(|entry| self.chain(change.transfer(), entry));
        self.decisions.extend(change.decision().cloned());
        if let (Work::Delivery(id), Some(attempt)) = (change.work(), change.attempt()) {
            self.attempts.push((id, attempt.clone()));
        }
        self.live.extend(change.promotes());
        self.discarded.extend(change.discards());
        let off = self.turn_off(change);
        let off = change.turns_off().filter(|_| off);
        off.iter().for_each(|it| self.chain(change.transfer(), &it.entry));
        self.hear(change);
        self.outbox.extend(change.commands());
        change.events().iter().chain(off.map(|it| &it.event)).for_each(|event| self.tell(event, change));
        self.roll_up(change)
    }

    fn create(&mut self, it: Aggregate, keeper: Option<HostId>) {
        self.claims.extend(keeper.map(|host| (it.work(), host)));
        self.aggregates.insert(it.work(), it);
    }

    /// Turns off what says that it is gone, and keeps how a channel fares; whether something was turned off that was on.
    fn turn_off(&mut self, change: &Change) -> bool {
        let mut off = false;
        if let Some(gone) = change.disables() {
            let on = |it: &&mut Destination| {
                (it.id, &it.endpoint) == (gone.destination, &gone.endpoint) && it.status == DestinationStatus::Active
            };
            for it in self.destinations.iter_mut().filter(on) {
                it.disabled = Some(Disabled { reason: gone.reason.clone(), at: change.at() });
                (it.status, off) = (DestinationStatus::Disabled, true);
            }
        }
        if let Some((before, health)) = change.channel() {
            let same = |it: &&mut Channel| {
                it.enabled
                    && (it.id, &it.kind) == (before.id, &before.kind)
                    && it.health.failing_since == before.health.failing_since
            };
            let mut well = false;
            for it in self.channels.iter_mut().filter(same) {
                it.health = health.clone();
                it.enabled = health.disabled.is_none();
                (off, well) = (!it.enabled, health.failing_since.is_none());
                self.asking.insert(it.id, (None, change.at()));
            }
            if well {
                self.ring_for(before.id, change.at());
            }
        }
        off
    }

    /// The new state; the chain's head is the store's own.
    fn put_next(&mut self, next: &Aggregate) {
        let (mut next, known) = (next.clone(), self.aggregates.get(&next.work()));
        if let (Aggregate::Transfer(next), Some(Aggregate::Transfer(known))) = (&mut next, known) {
            next.provenance_head = known.provenance_head;
            next.provenance_length = known.provenance_length;
        }
        self.aggregates.insert(next.work(), next);
    }

    pub(super) fn chain(&mut self, id: TransferId, entry: &Entry) {
        if let Some(Aggregate::Transfer(transfer)) = self.aggregates.get_mut(&Work::Transfer(id)) {
            let sequence = transfer.provenance_length + 1;
            let head = link(transfer.provenance_head, sequence, entry);
            (transfer.provenance_length, transfer.provenance_head) = (sequence, head);
            self.entries.push(ChainedEntry { transfer: id, sequence, entry: entry.clone(), link: head });
        }
    }

    /// What an attempt's answer does to its destination's breaker.
    fn hear(&mut self, change: &Change) {
        let (Aggregate::Delivery(it), Some(attempt)) = (change.next(), change.attempt()) else { return };
        let settings = self.destinations.iter().find(|known| known.id == it.destination).map(|it| it.settings.clone());
        let Some(settings) = settings else { return };
        let breaker = self.breakers.entry(it.destination).or_default();
        *breaker = match attempt.answer.health() {
            Some(healthy) => breaker.after(healthy, &settings, change.at()),
            None => breaker.released(it.id, change.at()),
        };
    }

    fn tell(&mut self, event: &Event, change: &Change) {
        let told = |it: &&Revision| {
            it.rollout == Rollout::Active && (it.owner == Owner::House || it.owner == Owner::Partner(event.partner))
        };
        let mut notifications = vec![];
        for revision in self.revisions.iter().filter(told) {
            for binding in revision.bindings.iter().filter(|it| it.tells_of(event.kind)) {
                notifications.push(Notification {
                    id: NotificationId::generate(change.at()),
                    version: 0,
                    state: NotificationState::Pending,
                    event: event.clone(),
                    owner: binding.owner,
                    revision: revision.id,
                    binding: binding.id,
                    part: 0,
                    messages: vec![],
                    sent: 0,
                    due_at: change.at(),
                    attempts: 0,
                    waits: None,
                    last_error: None,
                    adoptions: 0,
                    trace: change.next().trace().clone(),
                    updated_at: change.at(),
                });
            }
        }
        for it in notifications {
            let aggregate = Aggregate::Notification(it);
            self.outbox.push_back(lockgate_core::command::Command {
                work: aggregate.work(),
                version: 0,
                partner: aggregate.partner(),
                trace: aggregate.trace().clone(),
            });
            self.aggregates.insert(aggregate.work(), aggregate);
        }
    }

    fn roll_up(&mut self, change: &Change) -> Result<(), CommitError> {
        let host = HostId::generate(change.at());
        let stamp = Stamp::of_host(host, change.at());
        let next = match change.next() {
            Aggregate::Delivery(delivery) => {
                let Some(Aggregate::Consignment(it)) =
                    self.aggregates.get(&Work::Consignment(delivery.consignment)).cloned()
                else {
                    return Ok(());
                };
                let states: Vec<DeliveryState> = self
                    .aggregates
                    .values()
                    .filter_map(|other| match other {
                        Aggregate::Delivery(other) if other.consignment == it.id && other.replay_of.is_none() => {
                            Some(other.state)
                        }
                        _ => None,
                    })
                    .collect();
                consignment::roll_up(&it, &states, &stamp)
            }
            Aggregate::Consignment(it) => {
                let Some(Aggregate::Transfer(parent)) = self.aggregates.get(&Work::Transfer(it.transfer)).cloned()
                else {
                    return Ok(());
                };
                let states: Vec<ConsignmentState> = self
                    .aggregates
                    .values()
                    .filter_map(|other| match other {
                        Aggregate::Consignment(other) if other.transfer == parent.id => Some(other.state),
                        _ => None,
                    })
                    .collect();
                transfer::roll_up(&parent, &states, &stamp)
            }
            Aggregate::Transfer(_) | Aggregate::Notification(_) => None,
        };
        next.map_or(Ok(()), |change| self.write(&change))
    }
}
