//! The same masker without a sandbox: the plugin's own crate linked into this program, with the host's own detectors.

use lockgate_core::batch::Batch;
use lockgate_core::detect::{Kind, Scanner};
use lockgate_sdk::bindings::imports::detect::Hits;
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
        Host::new().detecting_batches(scan).install();
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

/// The host's own detectors, at least as fast as the sandbox calls them.
fn scan(batch: &lockgate_sdk::Batch, kinds: &[String]) -> Hits {
    let kinds: Vec<_> = kinds.iter().filter_map(|name| Kind::from_name(name)).collect();
    let mut scanner = Scanner::default();
    let mut all = Hits { kinds: vec![], starts: vec![], ends: vec![] };
    for record in batch.records() {
        let found = scanner.scan(record.bytes(), &kinds);
        let offset = u32::try_from(record.span().start).expect("a batch is smaller than 4 GiB");
        all.kinds.extend_from_slice(&found.kinds);
        all.starts.extend(found.starts.iter().map(|start| offset + start));
        all.ends.extend(found.ends.iter().map(|end| offset + end));
    }
    all
}
