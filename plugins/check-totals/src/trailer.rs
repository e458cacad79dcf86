//! The record that holds totals.

use std::borrow::Cow;

use lockgate_sdk::Decimal;

use crate::settings::{SumOf, Trailer};

/// What a cell of the trailer says; nothing, if it is no number.
pub(crate) type Stated = Option<Decimal>;

/// What the trailer says, where the settings ask for it.
#[derive(Debug)]
pub(crate) struct Totals {
    pub(crate) rows: Option<Option<u64>>,
    pub(crate) sums: Vec<Option<Stated>>,
}

impl Trailer {
    /// Whether the record whose cell this is is the trailer.
    pub(crate) fn is(&self, cell: Option<Cow<'_, [u8]>>) -> bool {
        cell.is_some_and(|cell| cell.trim_ascii() == self.equals.as_bytes())
    }
}

impl Totals {
    pub(crate) fn read<'a>(trailer: &Trailer, sums: &[SumOf], value: impl Fn(usize) -> Option<Cow<'a, [u8]>>) -> Self {
        let text = |index| value(index).and_then(|cell| String::from_utf8(cell.trim_ascii().to_vec()).ok());
        Self {
            rows: trailer.rows.map(|index| text(index)?.parse().ok()),
            sums: sums
                .iter()
                .map(|sum| sum.trailer.map(|index| Decimal::parse(&text(index)?, sum.decimal_mark)))
                .collect(),
        }
    }
}
