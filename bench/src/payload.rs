//! The payload that is masked: real support requests with personal data, cut into batches by the host's own framer.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use lockgate_core::batch::Batch;
use lockgate_core::framing::{Cut, Framer, Framing};
use lockgate_core::policy::Grant;
use serde_json::{Value, json};

const SIZE: usize = 1024 * 1024;

/// Batches as a session sees them.
#[derive(Debug)]
pub(crate) struct Payload {
    pub(crate) framing: Framing,
    pub(crate) preamble: Bytes,
    pub(crate) batches: Vec<Batch>,
}

impl Payload {
    /// The file's records over and over, about 1 MiB.
    pub(crate) fn repeating(csv: &[u8]) -> anyhow::Result<Self> {
        let header = csv.iter().position(|&byte| byte == b'\n').context("the file has no header")? + 1;
        let mut bytes = csv[..header].to_vec();
        while bytes.len() < SIZE {
            bytes.extend_from_slice(&csv[header..]);
        }
        let framing: Framing = serde_json::from_value(json!({ "kind": "csv" }))?;
        let mut framer = Framer::new(&framing);
        let mut cuts = framer.push(&bytes);
        cuts.extend(framer.finish());
        ensure!(framer.misframed().is_none(), "the file is no CSV");
        Ok(Self { framing, preamble: framer.preamble(), batches: cuts.iter().map(Cut::batch).collect() })
    }

    pub(crate) fn records(&self) -> u64 {
        self.batches.iter().map(|batch| batch.records.len() as u64).sum()
    }
}

/// What the masker is told: as the demo's outbound side, every kind that the detectors know.
pub(crate) fn settings() -> Value {
    json!({ "kinds": {
        "card": { "action": "keep-last", "count": 4 },
        "email": { "action": "replace", "with": "(e-mail)" },
    } })
}

/// What its binding grants.
pub(crate) fn grants() -> Vec<Grant> {
    vec![Grant::Detect, Grant::Tokenize]
}
