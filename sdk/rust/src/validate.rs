//! The validate hook: judges a payload batch by batch.

use serde::de::DeserializeOwned;

use crate::{Batch, Findings, Subject};

/// A plugin that judges payloads.
///
/// One value serves many payloads, one after the other: `begin` must forget what the one before left behind.
pub trait Validate: Sized {
    /// The binding's settings, read from JSON.
    type Settings: DeserializeOwned;

    /// Makes the plugin from its settings. Must be pure; an error is a sentence for who wrote the settings.
    fn configure(settings: Self::Settings) -> Result<Self, String>;

    /// A payload begins.
    fn begin(&mut self, subject: &Subject) {
        let _ = subject;
    }

    /// Judges the next records.
    fn check(&mut self, batch: &Batch, findings: &mut Findings);

    /// The payload is over: what remains to be said, and the facts that routing may use.
    fn finish(&mut self, findings: &mut Findings, facts: &mut Facts) {
        let _ = (findings, facts);
    }
}

/// Named values that a validator extracted from a payload.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Facts(Vec<(String, String)>);

impl Facts {
    /// States a fact; routing sees it as `fact.<name>`.
    pub fn set(&mut self, name: impl Into<String>, value: impl ToString) {
        self.0.push((name.into(), value.to_string()));
    }

    /// The value stated under `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// What `export!` calls.
#[doc(hidden)]
pub mod export {
    use super::{Facts, Validate};
    use crate::{
        Batch, Findings, Slot, Subject,
        bindings::{types, validate::exports::lockgate::policy::validate::Conclusion},
    };

    /// Makes the plugin.
    pub fn configure<T: Validate>(slot: &Slot<T>, settings: &str) -> Result<(), String> {
        slot.configure(settings, T::configure)
    }

    /// Begins a payload.
    pub fn begin<T: Validate>(slot: &Slot<T>, subject: types::Subject) {
        slot.lend(|plugin| plugin.begin(&Subject::from(subject)));
    }

    /// Judges a batch.
    pub fn check<T: Validate>(slot: &Slot<T>, batch: types::Batch) -> types::Findings {
        let mut findings = Findings::default();
        slot.lend(|plugin| plugin.check(&Batch::from(batch), &mut findings));
        findings.into_raw()
    }

    /// Ends the payload.
    pub fn finish<T: Validate>(slot: &Slot<T>) -> Conclusion {
        let (mut findings, mut facts) = (Findings::default(), Facts::default());
        slot.lend(|plugin| plugin.finish(&mut findings, &mut facts));
        let facts = facts.0.into_iter().map(|(name, value)| types::Attribute { name, value });
        Conclusion { findings: findings.into_raw(), facts: facts.collect() }
    }
}
