//! Findings in GraphQL: samples were cut and masked before they were kept.

use async_graphql::{Enum, Object, SimpleObject};
use lockgate_core::finding as core;

use super::scalars::Long;

#[derive(Debug, Clone)]
pub(super) struct Finding(pub(super) core::Finding);

/// One explained complaint.
#[Object]
impl Finding {
    /// Who complains and about what: `<binding>/<rule>`, or `framing/...` and `intake/...` for the host itself.
    async fn rule(&self) -> &str {
        &self.0.rule
    }

    /// How bad it is; the worst finding decides.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// What is wrong, in one sentence.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// Where, in coordinates of the file as it was sent.
    async fn place(&self) -> Option<Place> {
        self.0.place.clone().map(Place::from)
    }

    /// What was found there, cut and masked.
    async fn sample(&self) -> Option<&str> {
        self.0.sample.as_deref()
    }
}

/// A place in a file as it was sent.
#[derive(Debug, Clone, SimpleObject)]
pub(super) struct Place {
    /// Record position, from 0; a CSV header is not counted.
    record: Long,
    /// Line, from 1.
    line: Long,
    /// Column in bytes, from 1.
    column: Long,
    /// Offset of the first byte.
    start: Long,
    /// Offset after the last byte.
    end: Long,
    /// Pointer inside the record: a column's name, a JSON pointer, or empty.
    pointer: String,
}

impl From<core::Place> for Place {
    fn from(place: core::Place) -> Self {
        Self {
            record: Long(place.record),
            line: Long(place.line),
            column: Long(place.column),
            start: Long(place.start),
            end: Long(place.end),
            pointer: place.pointer,
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Severity")]
pub(super) enum Severity {
    /// Worth noting.
    Note,
    /// A person must look.
    Hold,
    /// Must not pass.
    Refuse,
}

/// What follows from the worst finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Verdict")]
pub(super) enum Verdict {
    /// It passes.
    Accept,
    /// A person must look.
    Hold,
    /// It does not pass.
    Reject,
}
