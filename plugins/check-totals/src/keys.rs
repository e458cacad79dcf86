//! Unique keys in bounded memory: 16 bytes of hash stand for a key, and their number is capped.

use std::{
    borrow::Cow,
    collections::HashSet,
    hash::{BuildHasherDefault, DefaultHasher, Hasher},
};

use lockgate_sdk::csv::{Column, Header};

/// One set of columns whose values no two rows share.
#[derive(Debug)]
pub(crate) struct Keys {
    name: String,
    /// The cells; nothing, when the header lacks one of the columns.
    cells: Option<Vec<usize>>,
    seen: HashSet<u128, BuildHasherDefault<AlreadyHashed>>,
    max: usize,
    full: bool,
}

impl Keys {
    pub(crate) fn new(columns: &[Column], header: &Header, max: usize) -> Self {
        let names: Vec<_> = columns.iter().map(ToString::to_string).collect();
        let cells = columns.iter().map(|column| header.find(column)).collect();
        Self { name: names.join(" + "), cells, seen: HashSet::default(), max, full: false }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The key's first cell, if an earlier row had the same key.
    pub(crate) fn repeats<'a>(&mut self, value: impl Fn(usize) -> Option<Cow<'a, [u8]>>) -> Option<usize> {
        let cells = self.cells.as_ref()?;
        let hash = hash(cells.iter().map(|&cell| value(cell)));
        if self.seen.contains(&hash) {
            return cells.first().copied();
        }
        if self.seen.len() < self.max {
            self.seen.insert(hash);
        } else {
            self.full = true;
        }
        None
    }

    pub(crate) fn conclude(&self, complain: &mut impl FnMut(&str, String)) {
        if self.cells.is_none() {
            complain("column-missing", format!("the header lacks a column of the key {}", self.name));
        }
        if self.full {
            let message =
                format!("there are more than {} different keys {}; beyond, none was compared", self.max, self.name);
            complain("key-limit", message);
        }
    }
}

/// 128 bits, so that two different keys do not meet by accident in any file. Lengths are hashed along, so that
/// `ab, c` is not `a, bc`.
fn hash<'a>(values: impl Iterator<Item = Option<Cow<'a, [u8]>>>) -> u128 {
    let (mut low, mut high) = (DefaultHasher::new(), DefaultHasher::new());
    high.write_u8(1);
    for value in values {
        for hasher in [&mut low, &mut high] {
            let value = value.as_deref().unwrap_or_default();
            hasher.write_usize(value.len());
            hasher.write(value);
        }
    }
    u128::from(high.finish()) << 64 | u128::from(low.finish())
}

/// The set need not hash a hash once more.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only 128-bit numbers are hashed");
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = u64::try_from(hash & u128::from(u64::MAX)).unwrap_or_default();
    }
}
