//! The route hook: chooses among the agreed receivers.

use serde::de::DeserializeOwned;

use crate::{Batch, Record, Subject};

/// A plugin that chooses where payloads and records go.
pub trait Route: Sized {
    /// The binding's settings, read from JSON.
    type Settings: DeserializeOwned;

    /// Makes the plugin from its settings. Must be pure; an error is a sentence for who wrote the settings.
    fn configure(settings: Self::Settings) -> Result<Self, String>;

    /// Where a whole file goes.
    fn decide(&mut self, subject: &Subject) -> Vec<Target>;

    /// Where one record of a stream goes; nowhere, unless a plugin says otherwise.
    fn assign(&mut self, record: &Record<'_>) -> Vec<Target> {
        let _ = record;
        Vec::new()
    }
}

/// A receiver and, if not all of its destinations are meant, the name of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// A partner's id or slug.
    pub receiver: String,
    /// One of its destinations.
    pub destination: Option<String>,
}

impl Target {
    /// All destinations of a receiver.
    pub fn receiver(receiver: impl Into<String>) -> Self {
        Self { receiver: receiver.into(), destination: None }
    }

    /// One destination of a receiver.
    pub fn destination(receiver: impl Into<String>, destination: impl Into<String>) -> Self {
        Self { receiver: receiver.into(), destination: Some(destination.into()) }
    }
}

/// Where every record of `batch` goes, with each target written once: the form that crosses the boundary.
fn packed<T: Route>(plugin: &mut T, batch: &Batch) -> (Vec<Target>, Vec<u16>, Vec<u32>) {
    let (mut targets, mut sets, mut ends) = (Vec::<Target>::new(), Vec::new(), Vec::with_capacity(batch.len()));
    for record in batch.records() {
        for target in plugin.assign(&record) {
            let index = targets.iter().position(|known| *known == target).unwrap_or_else(|| {
                targets.push(target);
                targets.len() - 1
            });
            sets.push(u16::try_from(index).expect("a batch goes to fewer than 65,536 targets"));
        }
        ends.push(crate::batch::offset(sets.len()));
    }
    (targets, sets, ends)
}

/// What `export!` calls.
#[doc(hidden)]
pub mod export {
    use super::{Route, Target};
    use crate::{
        Batch, Slot, Subject,
        bindings::{route::exports::lockgate::policy::route, types},
    };

    /// Makes the plugin.
    pub fn configure<T: Route>(slot: &Slot<T>, settings: &str) -> Result<(), String> {
        slot.configure(settings, T::configure)
    }

    /// Routes a file.
    pub fn decide<T: Route>(slot: &Slot<T>, subject: types::Subject) -> Vec<route::Target> {
        raw(slot.lend(|plugin| plugin.decide(&Subject::from(subject))))
    }

    /// Routes the records of a stream.
    pub fn assign<T: Route>(slot: &Slot<T>, batch: types::Batch) -> route::Assignment {
        let (targets, sets, set_ends) = slot.lend(|plugin| super::packed(plugin, &Batch::from(batch)));
        route::Assignment { targets: raw(targets), sets, set_ends }
    }

    fn raw(targets: Vec<Target>) -> Vec<route::Target> {
        let raw = |target: Target| route::Target { receiver: target.receiver, destination: target.destination };
        targets.into_iter().map(raw).collect()
    }
}

#[cfg(test)]
mod tests;
