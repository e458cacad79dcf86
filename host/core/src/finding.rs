//! Findings: explained complaints, and the verdict that the host derives from them.

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth noting.
    Note,
    /// A person must look.
    Hold,
    /// Must not pass.
    Refuse,
}

/// One explained complaint, as kept: place in source coordinates, sample cut and masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Who complains and about what: `<binding name>/<rule>`, or `framing/...`, `intake/...` for the host itself.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// Where in the source payload.
    pub place: Option<Place>,
    /// The bytes found there, cut and masked.
    pub sample: Option<String>,
}

/// A place in the source payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Record position, from 0; a CSV header is not counted.
    pub record: u64,
    /// Line, from 1.
    pub line: u64,
    /// Column in bytes, from 1.
    pub column: u64,
    /// Offset of the first byte in the payload.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
    /// Pointer inside the record: a column name, a JSON pointer, or empty.
    pub pointer: String,
}

/// The findings of a judgement: at most [`Findings::KEPT`] are kept, the rest counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Findings {
    /// Those kept, in order of discovery.
    pub items: Vec<Finding>,
    /// How many were not kept.
    pub dropped: u64,
    worst: Option<Severity>,
    refusals: u64,
}

impl Findings {
    /// How many findings a decision keeps.
    pub const KEPT: usize = 1_000;

    /// Adds one; past the limit it is only counted, and still counts for the verdict.
    pub fn add(&mut self, finding: Finding) {
        self.worst = self.worst.max(Some(finding.severity));
        self.refusals += u64::from(finding.severity == Severity::Refuse);
        if self.items.len() < Self::KEPT {
            self.items.push(finding);
        } else {
            self.dropped += 1;
        }
    }

    /// Counts findings that a plugin itself left out.
    pub fn add_dropped(&mut self, dropped: u64) {
        self.dropped = self.dropped.saturating_add(dropped);
    }

    /// How many refusals there were, kept or not.
    pub const fn refusals(&self) -> u64 {
        self.refusals
    }

    /// What follows from the worst finding.
    pub const fn verdict(&self) -> Verdict {
        match self.worst {
            None | Some(Severity::Note) => Verdict::Accept,
            Some(Severity::Hold) => Verdict::Hold,
            Some(Severity::Refuse) => Verdict::Reject,
        }
    }
}

/// What the host derives from the worst finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It passes.
    Accept,
    /// A person must look.
    Hold,
    /// It does not pass.
    Reject,
}

#[cfg(test)]
mod tests;
