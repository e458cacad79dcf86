//! The mask hook: changes a payload by edits.

use serde::de::DeserializeOwned;

use crate::{Batch, Edits, Findings, Subject};

/// A plugin that hides parts of payloads.
///
/// One value serves many payloads, one after the other: `begin` must forget what the one before left behind.
pub trait Mask: Sized {
    /// The binding's settings, read from JSON.
    type Settings: DeserializeOwned;

    /// Makes the plugin from its settings. Must be pure; an error is a sentence for who wrote the settings.
    fn configure(settings: Self::Settings) -> Result<Self, String>;

    /// A payload begins.
    fn begin(&mut self, subject: &Subject) {
        let _ = subject;
    }

    /// Edits the next records. An edited record must stay one record of its framing.
    fn apply(&mut self, batch: &Batch, edits: &mut Edits, findings: &mut Findings);

    /// The payload is over.
    fn finish(&mut self, findings: &mut Findings) {
        let _ = findings;
    }
}

/// What `export!` calls.
#[doc(hidden)]
pub mod export {
    use super::Mask;
    use crate::{
        Batch, Edits, Findings, Slot, Subject,
        bindings::{mask::exports::lockgate::policy::mask::Masked, types},
    };

    /// Makes the plugin.
    pub fn configure<T: Mask>(slot: &Slot<T>, settings: &str) -> Result<(), String> {
        slot.configure(settings, T::configure)
    }

    /// Begins a payload.
    pub fn begin<T: Mask>(slot: &Slot<T>, subject: types::Subject) {
        slot.lend(|plugin| plugin.begin(&Subject::from(subject)));
    }

    /// Edits a batch.
    pub fn apply<T: Mask>(slot: &Slot<T>, batch: types::Batch) -> Masked {
        let batch = Batch::from(batch);
        let (mut edits, mut findings) = (Edits::of(&batch), Findings::default());
        slot.lend(|plugin| plugin.apply(&batch, &mut edits, &mut findings));
        let (edits, keep) = edits.into_raw();
        Masked { edits, keep, findings: findings.into_raw() }
    }

    /// Ends the payload.
    pub fn finish<T: Mask>(slot: &Slot<T>) -> types::Findings {
        let mut findings = Findings::default();
        slot.lend(|plugin| plugin.finish(&mut findings));
        findings.into_raw()
    }
}
