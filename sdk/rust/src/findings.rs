//! Explained complaints, capped so that a payload full of faults does not become a flood of findings.

use std::ops::Range;

use crate::{
    batch::{Record, offset},
    bindings::types,
};

/// How bad a finding is.
pub use crate::bindings::types::Severity;

/// Findings beyond these are only counted.
const KEPT: usize = 1_000;

/// Where a finding points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The record's position in the payload, from 0.
    pub position: u64,
    /// Byte range within the record.
    pub range: Range<usize>,
    /// A column name or JSON pointer, or nothing.
    pub pointer: String,
}

/// One explained complaint.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    rule: String,
    severity: Severity,
    message: String,
    place: Option<Place>,
}

impl Finding {
    /// A complaint by `rule`, a stable kebab-case name; `message` is a sentence for people.
    pub fn new(severity: Severity, rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self { rule: rule.into(), severity, message: message.into(), place: None }
    }

    /// Must not pass.
    pub fn refuse(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Refuse, rule, message)
    }

    /// A person must look.
    pub fn hold(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Hold, rule, message)
    }

    /// Worth noting.
    pub fn note(rule: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, rule, message)
    }

    /// Points at bytes of a record; a range that leaves the record is cut.
    #[must_use]
    pub fn at(mut self, record: &Record<'_>, range: Range<usize>) -> Self {
        let end = range.end.min(record.bytes().len());
        let range = range.start.min(end)..end;
        let pointer = self.place.map(|place| place.pointer).unwrap_or_default();
        self.place = Some(Place { position: record.position(), range, pointer });
        self
    }

    /// Names the column or the JSON pointer that is meant, at the place given before.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        if let Some(place) = &mut self.place {
            place.pointer = pointer.into();
        }
        self
    }

    /// The rule that complains.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where it points, if anywhere.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

/// The findings of one call: 1,000 are kept, the rest are counted.
#[derive(Debug, Default, PartialEq)]
pub struct Findings {
    items: Vec<Finding>,
    dropped: u64,
}

impl Findings {
    /// Adds one, or counts it when there are too many.
    pub fn push(&mut self, finding: Finding) {
        self.push_with(|| finding);
    }

    /// Adds one whose message is only made when there is room for it.
    pub fn push_with(&mut self, finding: impl FnOnce() -> Finding) {
        if self.items.len() < KEPT {
            self.items.push(finding());
        } else {
            self.dropped += 1;
        }
    }

    /// Those that are kept.
    pub fn items(&self) -> &[Finding] {
        &self.items
    }

    /// How many were left out.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether there is nothing to complain about.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn into_raw(self) -> types::Findings {
        let items = self.items.into_iter().map(|finding| types::Finding {
            rule: finding.rule,
            severity: finding.severity,
            message: finding.message,
            place: finding.place.map(|place| types::Place {
                position: place.position,
                start: offset(place.range.start),
                end: offset(place.range.end),
                pointer: place.pointer,
            }),
        });
        types::Findings { items: items.collect(), dropped: self.dropped }
    }
}

#[cfg(test)]
mod tests;
