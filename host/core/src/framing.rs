//! Framing: how a payload is cut into records and glue, such that records + glue = payload, byte for byte.

use serde::{Deserialize, Serialize};

/// A binding's framing with its options. Bindings with equal framings share batches.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Framing {
    /// Chunks as they come; a masker may keep a bounded tail.
    Bytes,
    /// Lines; their terminators (LF or CRLF) are glue.
    Lines {
        /// The longest record in bytes.
        #[serde(default = "default_max_record")]
        max_record: u32,
    },
    /// CSV records; terminators outside quotes are glue.
    Csv {
        /// The delimiter, one ASCII character.
        #[serde(default = "default_delimiter")]
        delimiter: char,
        /// The quote, one ASCII character.
        #[serde(default = "default_quote")]
        quote: char,
        /// The first record is a header: it is no record but every instance's preamble.
        #[serde(default = "default_header")]
        header: bool,
        /// The longest record in bytes.
        #[serde(default = "default_max_record")]
        max_record: u32,
    },
    /// Top-level JSON values; a root array is split into its elements, whose brackets and commas are glue.
    Json {
        /// The longest record in bytes.
        #[serde(default = "default_max_record")]
        max_record: u32,
    },
    /// The whole payload as one record, up to 16 MiB.
    Whole,
}

const fn default_delimiter() -> char {
    ','
}

const fn default_quote() -> char {
    '"'
}

const fn default_header() -> bool {
    true
}

const fn default_max_record() -> u32 {
    1024 * 1024
}

impl Framing {
    /// The name on the wire and in manifests.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Lines { .. } => "lines",
            Self::Csv { .. } => "csv",
            Self::Json { .. } => "json",
            Self::Whole => "whole",
        }
    }
}
