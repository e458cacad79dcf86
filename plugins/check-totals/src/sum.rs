//! One exact sum.

use std::borrow::Cow;

use lockgate_sdk::{Decimal, csv::Header};

use crate::{settings::SumOf, trailer::Stated};

/// A column that is added up.
#[derive(Debug)]
pub(crate) struct Sum {
    name: String,
    /// Nothing, when the header lacks the column.
    cell: Option<usize>,
    mark: char,
    expected: Option<Decimal>,
    /// Nothing, once a cell could not be added.
    total: Option<Decimal>,
}

impl Sum {
    pub(crate) fn new(settings: &SumOf, header: &Header) -> Self {
        Self {
            name: settings.column.to_string(),
            cell: header.find(&settings.column),
            mark: settings.decimal_mark,
            expected: settings.equals,
            total: Some(Decimal::default()),
        }
    }

    /// Adds a row's cell; an empty one adds nothing. Answers the cell and a sentence if that cannot be done.
    pub(crate) fn add<'a>(&mut self, value: impl Fn(usize) -> Option<Cow<'a, [u8]>>) -> Option<(usize, &'static str)> {
        let cell = self.cell?;
        let value = value(cell).unwrap_or_default();
        if value.trim_ascii().is_empty() {
            return None;
        }
        let number = str::from_utf8(&value).ok().and_then(|text| Decimal::parse(text.trim(), self.mark));
        let Some(number) = number else {
            self.total = None;
            return Some((cell, "the cell is not a decimal number, so there is no sum"));
        };
        let total = self.total?;
        self.total = total.checked_add(number);
        self.total.is_none().then_some((cell, "with this cell the sum has more than 38 digits"))
    }

    /// The sum, if every cell could be added.
    pub(crate) fn total(&self) -> Option<Decimal> {
        self.total.filter(|_| self.cell.is_some())
    }

    /// The column's name as a fact's: lower-case words joined by hyphens.
    pub(crate) fn fact(&self) -> String {
        let letter = |letter: char| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '-' };
        self.name.chars().map(letter).collect::<String>().trim_matches('-').to_owned()
    }

    pub(crate) fn conclude(&self, stated: Option<&Stated>, complain: &mut impl FnMut(&str, String)) {
        let Some(total) = self.total() else {
            if self.cell.is_none() {
                complain("column-missing", format!("the header has no column {} to add up", self.name));
            }
            return;
        };
        if let Some(expected) = self.expected.filter(|expected| *expected != total) {
            complain("sum-total", format!("{} adds up to {total}, expected is {expected}", self.name));
        }
        match stated {
            Some(Some(stated)) if *stated != total => {
                complain("trailer-sum", format!("{} adds up to {total}, the trailer says {stated}", self.name));
            }
            Some(None) => complain("trailer-sum", format!("the trailer's sum of {} is not a number", self.name)),
            _ => (),
        }
    }
}
