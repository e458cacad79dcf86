//! What is no JSON: where reading ended, and why.

use lockgate_sdk::{Finding, Record};
use serde_json::Error;

/// The finding of a record that is no JSON.
pub(crate) fn finding(record: &Record<'_>, error: &Error) -> Finding {
    let at = offset(record.bytes(), error.line(), error.column());
    let text = error.to_string();
    // The place is told by bytes; lines and columns of one record would only mislead.
    let reason = text.split(" at line ").next().unwrap_or(&text);
    Finding::refuse("json-syntax", format!("this is not JSON: {reason}")).at(record, at..record.bytes().len())
}

/// The byte at a line and column, both counted from 1 in bytes.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        bytes.split_inclusive(|&byte| byte == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)).min(bytes.len())
}
