//! Framing: how a payload is cut into records and glue, such that records + glue = payload, byte for byte.

mod bytes;
mod csv;
mod cut;
mod edit;
mod framer;
mod json;
mod lines;
mod packer;
mod whole;

use serde::{Deserialize, Serialize};

pub use cut::{Cut, Span};
pub use edit::{Edited, LONGEST_KEEP, Replaced, edit};
pub use framer::Framer;

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

/// The longest record that any framing may admit, and the size of a `whole` payload.
pub const MAX_RECORD: u32 = 16 * 1024 * 1024;

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
    /// Whether the options make sense, and what is wrong if not.
    pub fn check(&self) -> Result<(), String> {
        if let Self::Csv { delimiter, quote, .. } = self {
            let usable = |c: char| c.is_ascii() && c != '\n' && c != '\r' && c != '\0';
            if !usable(*delimiter) || !usable(*quote) || delimiter == quote {
                return Err(
                    "the CSV delimiter and quote must be two different ASCII characters, no line ends".to_owned()
                );
            }
        }
        match self {
            Self::Lines { max_record } | Self::Csv { max_record, .. } | Self::Json { max_record }
                if !(1..=MAX_RECORD).contains(max_record) =>
            {
                Err(format!("the longest record must be 1 to {MAX_RECORD} bytes"))
            }
            _ => Ok(()),
        }
    }

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

/// The payload cannot be cut further: a finding of the host, not a fault of a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Misframed {
    /// `oversized-record`, `unclosed-quote`, `malformed-json`, ...; the finding's rule begins with `framing/`.
    pub rule: &'static str,
    /// One sentence.
    pub message: String,
    /// The first byte concerned, from the payload's beginning.
    pub start: u64,
    /// After the last byte concerned.
    pub end: u64,
}

#[cfg(test)]
mod tests;
