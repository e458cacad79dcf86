//! Columns by name, as the header has them, or by place.

use std::fmt;

use serde::Deserialize;

use super::Dialect;
use crate::Subject;

/// The names of a file's columns; empty when it has no header.
#[derive(Debug, Default, Clone)]
pub struct Header(Vec<String>);

/// A column in settings: `"amount"` by its name, `2` by its place, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By its place, counted from 0.
    Index(usize),
    /// By its name in the header.
    Name(String),
}

impl Header {
    /// The header that the host read, with blanks around names removed.
    pub fn of(subject: &Subject, dialect: Dialect) -> Self {
        let header = subject.preamble();
        if header.is_empty() {
            return Self::default();
        }
        let name = |cell| String::from_utf8_lossy(&dialect.value(header, &cell)).trim().to_owned();
        Self(dialect.cells(header).map(name).collect())
    }

    /// How many columns it names.
    pub fn width(&self) -> usize {
        self.0.len()
    }

    /// Which cell of a record is meant, if the header has such a column.
    pub fn find(&self, column: &Column) -> Option<usize> {
        match column {
            Column::Index(index) => Some(*index),
            Column::Name(name) => self.0.iter().position(|other| other == name),
        }
    }

    /// The name of the column at `index`, or its place in brackets.
    pub fn name(&self, index: usize) -> String {
        self.0.get(index).cloned().unwrap_or_else(|| Column::Index(index).to_string())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(formatter, "[{index}]"),
            Self::Name(name) => write!(formatter, "{name}"),
        }
    }
}
