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
mod json;
mod settings;
mod spot;
mod text;

use lockgate_sdk::{
    Batch, Edits, Finding, Findings, Mask, Subject,
    csv::{Dialect, Header},
    host::{detect, log},
};

use settings::{Field, Framing, Parts, Settings};

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
    header: Header,
    /// How many values met each action.
    masked: Vec<u64>,
}

/// A hit of a detector within a record.
#[derive(Debug, Clone)]
struct Hit {
    range: std::ops::Range<usize>,
    action: usize,
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
        self.payload = Payload { framing, dialect, header: Header::of(subject, dialect), masked };
    }

    fn apply(&mut self, batch: &Batch, edits: &mut Edits, _: &mut Findings) {
        let mut hits = vec![Vec::new(); batch.len()];
        if !self.parts.kinds.is_empty() {
            for hit in detect::scan_batch(batch, &self.parts.kinds) {
                hits[hit.record.index()].push(Hit { range: hit.range, action: hit.kind });
            }
        }
        let keep = if self.payload.framing == Framing::Bytes { text::keep(batch, &mut hits) } else { 0 };
        let mut spots = Vec::new();
        for (record, hits) in batch.records().zip(hits) {
            let found = match self.payload.framing {
                Framing::Csv => csv::spots(&self.payload, &self.parts.fields, &record, &hits),
                Framing::Json => json::spots(&self.parts.kinds, &self.parts.fields, &record, &hits),
                Framing::Lines => text::spots(&record, hits, true),
                Framing::Bytes | Framing::Whole => text::spots(&record, hits, false),
            };
            spots.extend(found.into_iter().map(|spot| (record, spot)));
        }
        let masked = action::mask_all(&self.parts.actions, spots.iter().flat_map(|(_, spot)| spot.pieces()));
        let mut masked = masked.iter();
        for (record, spot) in &spots {
            for piece in spot.pieces() {
                self.payload.masked[piece.action] += 1;
            }
            edits.replace(record, spot.range(), spot.write(record.bytes(), self.payload.dialect, &mut masked));
        }
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
