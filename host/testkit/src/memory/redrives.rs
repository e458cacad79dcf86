//! The redrive store in memory: lanes, places and counts by the same rules as the store's.

use async_trait::async_trait;
use lockgate_core::breaker::Breaker;
use lockgate_core::change::Change;
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::delivery::{Cause, Delivery, DeliveryState};
use lockgate_core::id::{DestinationId, HostId, RedriveId};
use lockgate_core::ports::{AdvanceError, ClaimedLane, CommitError, Left, RedriveStore, StoreError};
use lockgate_core::redrive::{Group, Lane, Place, Progress, Redrive, RedriveFilter, RedriveKind, RedriveState};
use lockgate_core::time::{Clock, Timestamp};
use lockgate_core::transfer::Version;

use super::MemoryStore;
use super::snapshot::MemorySnapshot;
use super::world::State;

/// A lane and when it is due.
#[derive(Debug, Clone)]
pub(super) struct KeptLane {
    pub(super) lane: Lane,
    due_at: Timestamp,
}

impl State {
    /// The deliveries that a redrive of that kind and filter would send, in the order of their places.
    pub(super) fn chosen(&self, kind: RedriveKind, filter: &RedriveFilter) -> Vec<&Delivery> {
        let state = match kind {
            RedriveKind::DeadLetters => DeliveryState::DeadLettered,
            RedriveKind::Replay => DeliveryState::Delivered,
        };
        let from = |it: &Delivery| match self.aggregates.get(&Work::Consignment(it.consignment)) {
            Some(Aggregate::Consignment(whole)) => Some(whole.sender),
            _ => None,
        };
        let all = self.aggregates.values().filter_map(|it| match it {
            Aggregate::Delivery(it) => Some(it),
            _ => None,
        });
        let mut chosen: Vec<_> = all
            .filter(|it| it.state == state && (kind == RedriveKind::DeadLetters || it.replay_of.is_none()))
            .filter(|it| filter.destination.is_none_or(|wanted| wanted == it.destination))
            .filter(|it| filter.receiver.is_none_or(|wanted| wanted == it.receiver))
            .filter(|it| filter.sender.is_none_or(|wanted| from(it) == Some(wanted)))
            .filter(|it| filter.cause.is_none_or(|wanted| wanted == it.cause.unwrap_or_default()))
            .filter(|it| filter.since.is_none_or(|since| it.updated_at >= since))
            .filter(|it| filter.until.is_none_or(|until| it.updated_at < until))
            .collect();
        chosen.sort_by_key(|it| place(it));
        chosen
    }

    /// A redrive with the sums over its lanes.
    pub(super) fn redrive(&self, id: RedriveId) -> Option<Redrive> {
        let mut redrive = self.redrives.iter().find(|it| it.id == id)?.clone();
        for kept in self.lanes.iter().filter(|it| it.lane.redrive == id) {
            redrive.progress.total += kept.lane.progress.total;
            redrive.progress.moved += kept.lane.progress.moved;
            redrive.progress.skipped += kept.lane.progress.skipped;
        }
        Some(redrive)
    }

    fn lane(&mut self, of: &Lane) -> Option<&mut KeptLane> {
        let same = |it: &&mut KeptLane| (it.lane.redrive, it.lane.destination) == (of.redrive, of.destination);
        self.lanes.iter_mut().find(same).filter(|it| it.lane.version == of.version)
    }
}

fn place(it: &Delivery) -> Place {
    Place { position: it.position.unwrap_or(0), delivery: it.id }
}

/// Deliveries by destination and cause, the largest group first.
pub(super) fn groups(chosen: &[&Delivery], by_cause: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![];
    for it in chosen {
        let cause: Option<Cause> = by_cause.then(|| it.cause.unwrap_or_default());
        let same = |group: &&mut Group| (group.destination, group.cause) == (it.destination, cause);
        match groups.iter_mut().find(same) {
            Some(group) => {
                group.count += 1;
                group.oldest = group.oldest.min(it.updated_at);
                group.newest = group.newest.max(it.updated_at);
                group.sample.push(it.id);
            }
            None => groups.push(Group {
                destination: it.destination,
                cause,
                count: 1,
                oldest: it.updated_at,
                newest: it.updated_at,
                sample: vec![it.id],
            }),
        }
    }
    groups.iter_mut().for_each(|it| it.sample.truncate(10));
    groups.sort_by_key(|it| std::cmp::Reverse(it.count));
    groups
}

impl MemorySnapshot {
    /// The breakers of the viewer's own destinations.
    pub(super) fn breakers(&self, destinations: &[DestinationId]) -> Vec<(DestinationId, Breaker)> {
        let state = self.read();
        let own = |id: DestinationId| state.destinations.iter().any(|it| it.id == id && self.is_any_of(&[it.partner]));
        let seen = destinations.iter().filter(|id| own(**id));
        seen.filter_map(|id| Some((*id, state.breakers.get(id)?.clone()))).collect()
    }
}

#[async_trait]
impl RedriveStore for MemoryStore {
    async fn start(&self, redrive: &Redrive) -> Result<Redrive, StoreError> {
        let due_at = self.clock.now();
        let mut state = self.state();
        let mut lanes: Vec<KeptLane> = vec![];
        for it in state.chosen(redrive.kind, &redrive.filter) {
            match lanes.iter_mut().find(|kept| kept.lane.destination == it.destination) {
                Some(kept) => kept.lane.progress.total += 1,
                None => lanes.push(KeptLane {
                    lane: Lane {
                        redrive: redrive.id,
                        destination: it.destination,
                        receiver: it.receiver,
                        version: 0,
                        progress: Progress { total: 1, ..Progress::default() },
                        cursor: None,
                        done: false,
                    },
                    due_at,
                }),
            }
        }
        let mut kept = redrive.clone();
        if lanes.is_empty() {
            kept.state = RedriveState::Finished;
        }
        state.redrives.push(kept);
        state.lanes.extend(lanes);
        state.redrive(redrive.id).ok_or_else(|| StoreError::Unexpected("it is gone again".to_owned()))
    }

    async fn find_redrive(&self, id: RedriveId) -> Result<Option<Redrive>, StoreError> {
        Ok(self.state().redrive(id))
    }

    async fn move_redrive(
        &self,
        id: RedriveId,
        version: Version,
        next: RedriveState,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(it) = state.redrives.iter_mut().find(|it| it.id == id && it.version == version) else {
            return Ok(false);
        };
        (it.version, it.state, it.updated_at) = (version + 1, next, at);
        Ok(true)
    }

    async fn claim_lane(&self, _host: HostId) -> Result<Option<ClaimedLane>, StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        let runs: Vec<_> =
            state.redrives.iter().filter(|it| it.state == RedriveState::Running).map(|it| it.id).collect();
        let due = |it: &&mut KeptLane| !it.lane.done && it.due_at <= now && runs.contains(&it.lane.redrive);
        let Some(kept) = state.lanes.iter_mut().find(due) else { return Ok(None) };
        kept.lane.version += 1;
        let lane = kept.lane.clone();
        let gone = || StoreError::Unexpected("a lane without its redrive or destination".to_owned());
        let redrive = state.redrive(lane.redrive).ok_or_else(gone)?;
        let destination = state.destinations.iter().find(|it| it.id == lane.destination).cloned().ok_or_else(gone)?;
        let under_way = state.aggregates.values().filter(|it| match it {
            Aggregate::Delivery(it) => {
                it.state == DeliveryState::Scheduled
                    && (it.redrive, it.destination) == (Some(lane.redrive), lane.destination)
            }
            _ => false,
        });
        let under_way = under_way.count() as u64;
        Ok(Some(ClaimedLane { lane, redrive, destination, under_way, tripped: false }))
    }

    async fn items(&self, claimed: &ClaimedLane, room: usize) -> Result<Vec<Delivery>, StoreError> {
        let (lane, redrive) = (&claimed.lane, &claimed.redrive);
        let filter = RedriveFilter { destination: Some(lane.destination), ..redrive.filter.clone() };
        let state = self.state();
        let chosen = state.chosen(redrive.kind, &filter).into_iter();
        let ahead = chosen.filter(|it| it.updated_at <= redrive.created_at && Some(place(it)) > lane.cursor);
        Ok(ahead.take(room).cloned().collect())
    }

    async fn advance(&self, claimed: &ClaimedLane, past: Place, change: Option<&Change>) -> Result<(), AdvanceError> {
        let mut state = self.state();
        let running = state.redrive(claimed.lane.redrive).is_some_and(|it| it.state == RedriveState::Running);
        if !running || state.lane(&claimed.lane).is_none() {
            return Err(AdvanceError::Lost);
        }
        if let Some(change) = change {
            state.write(change).map_err(|error| match error {
                CommitError::Stale(_) => AdvanceError::Stale,
                CommitError::Store(error) => AdvanceError::Store(error),
            })?;
        }
        if let Some(kept) = state.lane(&claimed.lane) {
            kept.lane.cursor = Some(past);
            match change {
                Some(_) => kept.lane.progress.moved += 1,
                None => kept.lane.progress.skipped += 1,
            }
        }
        Ok(())
    }

    async fn leave(&self, claimed: &ClaimedLane, left: Left) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(kept) = state.lane(&claimed.lane) else { return Ok(()) };
        match left {
            Left::For(after) => kept.due_at = now + after,
            Left::Done => kept.lane.done = true,
        }
        let id = claimed.lane.redrive;
        if state.lanes.iter().filter(|it| it.lane.redrive == id).all(|it| it.lane.done)
            && let Some(it) = state.redrives.iter_mut().find(|it| it.id == id)
            && matches!(it.state, RedriveState::Running | RedriveState::Paused)
        {
            (it.version, it.state, it.updated_at) = (it.version + 1, RedriveState::Finished, now);
        }
        Ok(())
    }
}
