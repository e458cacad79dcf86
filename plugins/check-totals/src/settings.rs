//! What the settings say.

use lockgate_sdk::{
    Decimal,
    csv::{Column, Dialect},
};
use serde::Deserialize;

/// The binding's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    pub(crate) dialect: Option<Dialect>,
    #[serde(default)]
    pub(crate) severity: Severity,
    #[serde(default)]
    pub(crate) rows: Rows,
    #[serde(default)]
    pub(crate) unique: Vec<Vec<Column>>,
    #[serde(default = "half_a_million")]
    pub(crate) max_keys: usize,
    #[serde(default)]
    pub(crate) sums: Vec<SumOf>,
    pub(crate) trailer: Option<Trailer>,
}

fn half_a_million() -> usize {
    500_000
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

/// How many rows there may be.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rows {
    pub(crate) min: Option<u64>,
    pub(crate) max: Option<u64>,
}

/// A column to add up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SumOf {
    pub(crate) column: Column,
    #[serde(default = "point")]
    pub(crate) decimal_mark: char,
    pub(crate) equals: Option<Decimal>,
    pub(crate) trailer: Option<usize>,
}

fn point() -> char {
    '.'
}

/// The record that holds totals.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trailer {
    pub(crate) column: usize,
    pub(crate) equals: String,
    pub(crate) rows: Option<usize>,
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(sum) = self.sums.iter().find(|sum| sum.trailer.is_some() && self.trailer.is_none()) {
            return Err(format!(
                "the sum of {} names a cell of the trailer, but no `trailer` is described",
                sum.column
            ));
        }
        match self.rows {
            Rows { min: Some(min), max: Some(max) } if min > max => {
                Err(format!("`rows` asks for at least {min} and at most {max}"))
            }
            _ => Ok(()),
        }
    }
}
