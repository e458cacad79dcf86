//! What a plugin is told about the payload it is about to see.

use crate::bindings::types;

/// The transfer, its attributes and, with the `csv` framing, the header.
#[derive(Debug, Clone)]
pub struct Subject {
    raw: types::Subject,
}

impl Subject {
    /// A subject for tests.
    pub fn new(transfer: impl Into<String>) -> Self {
        Self { raw: types::Subject { transfer: transfer.into(), attributes: Vec::new(), preamble: Vec::new() } }
    }

    /// The same with one more attribute.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.raw.attributes.push(types::Attribute { name: name.into(), value: value.into() });
        self
    }

    /// The same with a CSV header record.
    #[must_use]
    pub fn with_preamble(mut self, preamble: impl Into<Vec<u8>>) -> Self {
        self.raw.preamble = preamble.into();
        self
    }

    /// The transfer's id, `trf_...`.
    pub fn transfer(&self) -> &str {
        &self.raw.transfer
    }

    /// The value of an attribute such as `sender` or `file.name`.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes().find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// All attributes in the host's order, as name and value.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.raw.attributes.iter().map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
    }

    /// The CSV header record without its line terminator; empty when there is none.
    pub fn preamble(&self) -> &[u8] {
        &self.raw.preamble
    }
}

impl From<types::Subject> for Subject {
    fn from(raw: types::Subject) -> Self {
        Self { raw }
    }
}
