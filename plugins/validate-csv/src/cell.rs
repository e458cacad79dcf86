//! The rules of one column, held against one cell.

use std::{cmp::Ordering, str};

use lockgate_sdk::{Decimal, Severity};
use regex_lite::Regex;

use crate::{
    date::{Date, Format},
    settings::{Column, Kind},
};

/// What a cell of the column must be.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) severity: Severity,
    pub(crate) required: bool,
    reader: Reader,
    pattern: Option<Regex>,
    min: Option<(Value, String)>,
    max: Option<(Value, String)>,
    one_of: Option<Vec<String>>,
    max_length: Option<usize>,
}

/// How a cell is read.
#[derive(Debug)]
enum Reader {
    String,
    Integer,
    Decimal { mark: char },
    Date { format: Format },
    Boolean,
}

/// What a cell says; values of one column are of one variant.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text,
    Number(Decimal),
    Date(Date),
}

impl Rules {
    pub(crate) fn new(column: Column, severity: Severity) -> Result<Self, String> {
        let which = column.which()?;
        let reader = match column.kind {
            Kind::String => Reader::String,
            Kind::Integer => Reader::Integer,
            Kind::Decimal => Reader::Decimal { mark: column.decimal_mark.unwrap_or('.') },
            Kind::Date => Reader::Date { format: Format::parse(column.format.as_deref().unwrap_or("%Y-%m-%d"))? },
            Kind::Boolean => Reader::Boolean,
        };
        let bound = |name: &str, bound: Option<crate::settings::Bound>| {
            let Some(bound) = bound else { return Ok(None) };
            if matches!(reader, Reader::String | Reader::Boolean) {
                return Err(format!("column {which}: `{name}` needs type integer, decimal or date"));
            }
            let text = bound.to_string();
            // A number in JSON has a point, whatever mark the file uses.
            let value = match (&bound, &reader) {
                (crate::settings::Bound::Number(_), Reader::Decimal { .. }) => {
                    Decimal::parse(&text, '.').map(Value::Number)
                }
                _ => reader.read(&text),
            };
            let value = value.ok_or_else(|| format!("column {which}: `{name}` is not {}", reader.name()))?;
            Ok(Some((value, text)))
        };
        let (min, max) = (bound("min", column.min)?, bound("max", column.max)?);
        let pattern = column.pattern.map(|pattern| {
            // The whole cell must match, as people expect of a cell.
            Regex::new(&format!("^(?:{pattern})$"))
                .map_err(|error| format!("column {which}: `pattern` is no regular expression: {error}"))
        });
        Ok(Self {
            severity: column.severity.map_or(severity, Severity::from),
            required: column.required,
            pattern: pattern.transpose()?,
            min,
            max,
            one_of: column.one_of,
            max_length: column.max_length,
            reader,
        })
    }

    /// Tells every rule that the cell breaks, with the rest of a sentence that begins "the cell". Never the value
    /// itself: samples are cut and masked by the host.
    pub(crate) fn check(&self, cell: &[u8], mut broken: impl FnMut(&'static str, String)) {
        let Ok(text) = str::from_utf8(cell) else {
            return broken("cell-encoding", "is not UTF-8".to_owned());
        };
        if text.trim().is_empty() {
            if self.required {
                broken("cell-required", "is required, but empty".to_owned());
            }
            return;
        }
        match self.reader.read(text) {
            None => broken("cell-type", format!("is not {}", self.reader.name())),
            Some(value) => {
                if let Some((_, min)) = self.min.as_ref().filter(|(min, _)| value.cmp(min) == Ordering::Less) {
                    broken("cell-range", format!("is less than {min}"));
                }
                if let Some((_, max)) = self.max.as_ref().filter(|(max, _)| value.cmp(max) == Ordering::Greater) {
                    broken("cell-range", format!("is more than {max}"));
                }
            }
        }
        if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(text)) {
            broken("cell-pattern", "does not match the column's pattern".to_owned());
        }
        if self.one_of.as_ref().is_some_and(|values| !values.iter().any(|value| value == text)) {
            broken("cell-enumeration", "is none of the column's values".to_owned());
        }
        if let Some(max) = self.max_length.filter(|&max| text.chars().count() > max) {
            broken("cell-length", format!("is longer than {max} characters"));
        }
    }
}

impl Reader {
    fn read(&self, text: &str) -> Option<Value> {
        match self {
            Self::String => Some(Value::Text),
            Self::Integer => Decimal::parse(text, '.').filter(|number| number.scale() == 0).map(Value::Number),
            Self::Decimal { mark } => Decimal::parse(text, *mark).map(Value::Number),
            Self::Date { format } => format.read(text).map(Value::Date),
            Self::Boolean => {
                let words = ["true", "false", "yes", "no", "1", "0"];
                words.iter().any(|word| word.eq_ignore_ascii_case(text)).then_some(Value::Text)
            }
        }
    }

    fn name(&self) -> String {
        match self {
            Self::String => "a text".to_owned(),
            Self::Integer => "an integer".to_owned(),
            Self::Decimal { mark } => format!("a decimal number with the mark `{mark}`"),
            Self::Date { format } => format!("a date of the form {format}"),
            Self::Boolean => "one of true, false, yes, no, 1, 0".to_owned(),
        }
    }
}
