//! Masks card numbers, IBANs, e-mail addresses, phone numbers and chosen fields in CSV, JSON and text.
//!
//! ```json
//! {"kinds": {"card": {"action": "keep-last", "count": 4}, "email": {"action": "tokenize", "scheme": "opaque"}},
//!  "fields": [{"column": "name", "mask": {"action": "replace", "with": "[name]"}},
//!             {"pointer": "/customer/*/phone", "mask": {"action": "keep-last", "count": 2}}]}
//! ```
//!
//! The host's detectors find values in the batch without a copy; tokens come from the host, whose keys never enter
//! the sandbox. Masked cells stay cells and masked JSON stays JSON. With the `bytes` framing a tail is kept, so that
//! a value across the border of two batches is seen whole.

mod action;
mod csv;
mod hit;
mod json;
mod settings;
mod spot;
mod text;

use lockgate_sdk::{
    Batch, Edits, Finding, Findings, Mask, Subject,
    csv::{Dialect, Header},
    host::log,
};

use action::Tokens;
use hit::Hit;
use settings::{Field, Framing, Parts, Settings};
use spot::Spots;

/// The plugin.
#[derive(Debug)]
pub struct MaskPii {
    framing: Option<Framing>,
    dialect: Option<Dialect>,
    parts: Parts,
    payload: Payload,
}

/// What is known about the payload under way.
#[derive(Debug, Default)]
struct Payload {
    framing: Framing,
    dialect: Dialect,
    /// Columns to mask whatever they say, with the indices of their actions.
    columns: Vec<(usize, usize)>,
    /// How many values met each action.
    masked: Vec<u64>,
}

lockgate_sdk::export!(mask: MaskPii);

impl Mask for MaskPii {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        let parts = settings.parts()?;
        Ok(Self { framing: settings.framing, dialect: settings.dialect, parts, payload: Payload::default() })
    }

    fn begin(&mut self, subject: &Subject) {
        let framing = self.framing.or_else(|| Framing::told(subject));
        let Some(framing) = framing else {
            // To guess would release what was to be masked; the binding's failure mode is the safe answer.
            log::warn("the host does not tell the framing, so the settings must: \"framing\": \"...\"");
            panic!("unknown framing");
        };
        let dialect = Dialect::of(self.dialect, subject);
        let masked = vec![0; self.parts.actions.len()];
        let columns = self.parts.columns(&Header::of(subject, dialect));
        self.payload = Payload { framing, dialect, columns, masked };
    }

    fn apply(&mut self, batch: &Batch, edits: &mut Edits, _: &mut Findings) {
        let mut hits = hit::all(batch, &self.parts.kinds);
        let keep = if self.payload.framing == Framing::Bytes { text::keep(batch, &mut hits) } else { 0 };
        let (mut spots, mut rest) = (Spots::default(), &hits[..]);
        for record in batch.records() {
            let count = rest.iter().take_while(|hit| hit.record == record.index()).count();
            let (hits, after) = rest.split_at(count);
            rest = after;
            match self.payload.framing {
                Framing::Csv => csv::find(&self.payload, &record, hits, &mut spots),
                Framing::Json => json::find(&self.parts, &record, hits, &mut spots),
                Framing::Lines => text::find(&record, hits, true, &mut spots),
                Framing::Bytes | Framing::Whole => text::find(&record, hits, false, &mut spots),
            }
        }
        for piece in spots.pieces() {
            self.payload.masked[piece.action] += 1;
        }
        let actions = &self.parts.actions;
        spots.edit(edits, actions, self.payload.dialect, Tokens::fetch(actions, spots.pieces()));
        edits.keep(keep);
    }

    fn finish(&mut self, findings: &mut Findings) {
        let names = self.parts.kinds.iter().cloned().chain(self.parts.fields.iter().map(Field::name));
        for (name, &count) in names.zip(&self.payload.masked) {
            if count > 0 {
                findings.push(Finding::note("masked", format!("{count} values were masked: {name}")));
            }
        }
    }
}
