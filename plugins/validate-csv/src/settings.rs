//! What the settings say about columns.

use std::fmt;

use lockgate_sdk::csv;
use serde::Deserialize;

/// The binding's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub(crate) dialect: Option<csv::Dialect>,
    pub(crate) width: Option<usize>,
    #[serde(default)]
    pub(crate) severity: Severity,
    pub(crate) columns: Vec<Column>,
}

/// How bad a finding is.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Severity {
    Note,
    Hold,
    #[default]
    Refuse,
}

impl From<Severity> for lockgate_sdk::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Hold => Self::Hold,
            Severity::Refuse => Self::Refuse,
        }
    }
}

/// The rules of one column.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Column {
    name: Option<String>,
    index: Option<usize>,
    #[serde(default, rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    pub(crate) decimal_mark: Option<char>,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) pattern: Option<String>,
    pub(crate) min: Option<Bound>,
    pub(crate) max: Option<Bound>,
    pub(crate) one_of: Option<Vec<String>>,
    pub(crate) max_length: Option<usize>,
    pub(crate) severity: Option<Severity>,
}

/// What a cell holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    #[default]
    String,
    Integer,
    Decimal,
    Date,
    Boolean,
}

/// A limit: a number, or a text that is read like a cell.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Bound {
    Number(serde_json::Number),
    Text(String),
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

/// A record of more cells is no table any more; past this an index is a mistake.
const WIDEST: usize = 10_000;

impl Column {
    pub(crate) fn which(&self) -> Result<csv::Column, String> {
        match (&self.name, self.index) {
            (Some(name), None) => Ok(csv::Column::Name(name.clone())),
            (None, Some(index)) if index < WIDEST => Ok(csv::Column::Index(index)),
            (None, Some(index)) => Err(format!("column index {index} is not below {WIDEST}")),
            _ => Err("each column has either a `name` or an `index`".to_owned()),
        }
    }
}
