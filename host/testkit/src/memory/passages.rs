//! Passages in memory, under the same fences as those of the store.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::delivery::Delivery;
use lockgate_core::id::{DeliveryId, PassageId};
use lockgate_core::passage::{Passage, Reached};
use lockgate_core::ports::{PassageError, PassageStore, StoreError, Unneeded};
use lockgate_core::transfer::Version;

#[derive(Debug)]
struct Kept {
    passage: Passage,
    unneeded: bool,
    tries: u32,
}

#[derive(Debug, Default)]
struct State {
    kept: Vec<Kept>,
    /// The version under which each delivery is claimed now, as far as a test said so.
    claimed: HashMap<DeliveryId, Version>,
    steps: usize,
}

/// Passages, each kept until it is forgotten.
#[derive(Debug, Default)]
pub struct MemoryPassages(Mutex<State>);

impl MemoryPassages {
    /// Another host claimed the delivery: whoever holds an earlier version is stale.
    pub fn claimed(&self, delivery: &Delivery) {
        self.state().claimed.insert(delivery.id, delivery.version);
    }

    /// All that are not forgotten, with whether they are not needed any more.
    pub fn kept(&self) -> Vec<(Passage, bool)> {
        self.state().kept.iter().map(|it| (it.passage.clone(), it.unneeded)).collect()
    }

    /// How often a passage was moved on.
    pub fn steps(&self) -> usize {
        self.state().steps
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the passages")
    }
}

impl State {
    fn fenced(&self, claimed: &Delivery) -> Result<(), PassageError> {
        match self.claimed.get(&claimed.id) {
            Some(version) if *version != claimed.version => Err(PassageError::Stale(claimed.id)),
            _ => Ok(()),
        }
    }

    fn current(&mut self, delivery: DeliveryId) -> Option<&mut Kept> {
        self.kept.iter_mut().find(|it| it.passage.delivery == delivery && !it.unneeded)
    }
}

#[async_trait]
impl PassageStore for MemoryPassages {
    async fn passage(&self, delivery: DeliveryId) -> Result<Option<Passage>, StoreError> {
        Ok(self.state().current(delivery).map(|it| it.passage.clone()))
    }

    async fn begin_passage(&self, claimed: &Delivery, passage: &Passage) -> Result<(), PassageError> {
        let mut state = self.state();
        state.fenced(claimed)?;
        if let Some(current) = state.current(claimed.id) {
            current.unneeded = true;
        }
        state.kept.push(Kept { passage: passage.clone(), unneeded: false, tries: 0 });
        Ok(())
    }

    async fn advance_passage(&self, claimed: &Delivery, id: PassageId, step: &Reached) -> Result<(), PassageError> {
        let mut state = self.state();
        state.fenced(claimed)?;
        let current = state.current(claimed.id).filter(|it| it.passage.id == id);
        let reached = &mut current.ok_or(PassageError::Stale(claimed.id))?.passage.reached;
        (reached.offset, reached.midstate) = (step.offset, step.midstate.clone());
        reached.parts.extend(step.parts.iter().cloned());
        state.steps += 1;
        Ok(())
    }

    async fn give_up_passage(&self, claimed: &Delivery, id: PassageId) -> Result<(), PassageError> {
        let mut state = self.state();
        state.fenced(claimed)?;
        let given_up = state.kept.iter_mut().find(|it| it.passage.id == id);
        given_up.ok_or(PassageError::Stale(claimed.id))?.unneeded = true;
        Ok(())
    }

    async fn forget_passage(&self, id: PassageId) -> Result<(), StoreError> {
        self.state().kept.retain(|it| it.passage.id != id);
        Ok(())
    }

    async fn unneeded_passages(&self, room: usize, _: Duration) -> Result<Vec<Unneeded>, StoreError> {
        let mut state = self.state();
        let unneeded = state.kept.iter_mut().filter(|it| it.unneeded).take(room).map(|it| {
            it.tries += 1;
            Unneeded { passage: it.passage.clone(), tries: it.tries }
        });
        Ok(unneeded.collect())
    }
}
