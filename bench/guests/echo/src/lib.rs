//! Answers what it is given, by the contract: every record is replaced by itself.

use lockgate_sdk::{Batch, Edits, Findings, Mask};
use serde::Deserialize;

/// The plugin.
#[derive(Debug)]
pub struct Echo;

/// It has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {}

lockgate_sdk::export!(mask: Echo);

impl Mask for Echo {
    type Settings = Settings;

    fn configure(_: Settings) -> Result<Self, String> {
        Ok(Self)
    }

    fn apply(&mut self, batch: &Batch, edits: &mut Edits, _: &mut Findings) {
        for record in batch.records() {
            edits.replace(&record, 0..record.bytes().len(), record.bytes());
        }
    }
}
