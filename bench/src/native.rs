//! The same masker without a sandbox: the plugin's own crate linked into this program, with the host's own detectors.

use std::ops::Range;

use lockgate_core::batch::Batch;
use lockgate_core::detect::{self, Kind};
use lockgate_sdk::testing::Host;
use lockgate_sdk::{Edits, Findings, Mask, Subject};
use mask_pii::MaskPii;

use crate::payload::{Payload, settings};

/// The masker and the batches that it is shown, ready-made.
pub(crate) struct Native {
    plugin: MaskPii,
    batches: Vec<lockgate_sdk::Batch>,
}

impl Native {
    /// Configured and begun like the one in the sandbox.
    pub(crate) fn new(payload: &Payload) -> anyhow::Result<Self> {
        let kinds = [Kind::Card, Kind::Email];
        Host::new().detecting(move |data, _| scan(data, &kinds)).install();
        let mut plugin = MaskPii::configure(serde_json::from_value(settings())?).map_err(anyhow::Error::msg)?;
        plugin.begin(&Subject::new("measured").with("framing", "csv").with_preamble(payload.preamble.to_vec()));
        Ok(Self { plugin, batches: payload.batches.iter().map(lend).collect() })
    }

    /// Masks one batch and gives its edits.
    pub(crate) fn apply(&mut self, index: usize) -> Edits {
        let batch = &self.batches[index];
        let mut edits = Edits::of(batch);
        self.plugin.apply(batch, &mut edits, &mut Findings::default());
        edits
    }

    /// The masked records of one batch, to be compared.
    pub(crate) fn masked(&mut self, index: usize) -> Vec<Vec<u8>> {
        self.apply(index).apply_to(&self.batches[index])
    }
}

fn lend(batch: &Batch) -> lockgate_sdk::Batch {
    lockgate_sdk::Batch::new(batch.first, batch.records.iter(), batch.last)
}

fn scan(data: &[u8], kinds: &[Kind]) -> Vec<(usize, Range<usize>)> {
    let hits = detect::scan(data, kinds);
    hits.kinds.iter().map(|&kind| usize::from(kind)).zip(hits.ranges()).collect()
}
