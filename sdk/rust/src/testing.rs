//! Stands in for the host when a plugin's tests run natively.
//!
//! ```
//! use lockgate_sdk::{Batch, host::detect, testing::Host};
//!
//! Host::new().detecting(|data, _kinds| vec![(0, 0..data.len())]).install();
//! let batch = Batch::of(["secret"]);
//! let hit = detect::scan_batch(&batch, &["card".to_owned()]).next().expect("everything is a hit");
//! assert_eq!(hit.range, 0..6);
//! ```

mod session;

use std::{cell::RefCell, collections::BTreeMap, fmt, ops::Range};

use crate::{
    Batch,
    batch::{column, offset, values},
    bindings::{
        imports::{detect::Hits, log::Level},
        types::Column,
    },
};

pub use session::{mask, mask_bytes, validate};

type Detector = dyn Fn(&[u8], &[String]) -> Vec<(usize, Range<usize>)>;
type BatchDetector = dyn Fn(&Batch, &[String]) -> Hits;
type Tokenizer = dyn Fn(&[u8], &str) -> Vec<u8>;

thread_local! {
    static HOST: RefCell<Host> = RefCell::new(Host::new());
}

/// A host of which a test decides every answer. Each thread, hence each test, has its own.
pub struct Host {
    detector: Box<Detector>,
    batch_detector: Option<Box<BatchDetector>>,
    tokenizer: Box<Tokenizer>,
    tables: BTreeMap<String, BTreeMap<Vec<u8>, String>>,
    lines: Vec<String>,
}

impl Host {
    /// A host that detects nothing, knows no table and makes the token `tok_` with the value's length.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self {
            detector: Box::new(|_, _| Vec::new()),
            batch_detector: None,
            tokenizer: Box::new(|value, _| format!("tok_{}", value.len()).into_bytes()),
            tables: BTreeMap::new(),
            lines: Vec::new(),
        }
    }

    /// Answers scans of one record (or of other bytes) with kinds, by index, and byte ranges.
    #[must_use]
    pub fn detecting(mut self, detector: impl Fn(&[u8], &[String]) -> Vec<(usize, Range<usize>)> + 'static) -> Self {
        self.detector = Box::new(detector);
        self
    }

    /// Answers scans of a whole batch as the host itself does, for measurements: nothing is made for each record.
    #[doc(hidden)]
    #[must_use]
    pub fn detecting_batches(mut self, detector: impl Fn(&Batch, &[String]) -> Hits + 'static) -> Self {
        self.batch_detector = Some(Box::new(detector));
        self
    }

    /// Answers with a token for a value and a scheme.
    #[must_use]
    pub fn tokenizing(mut self, tokenizer: impl Fn(&[u8], &str) -> Vec<u8> + 'static) -> Self {
        self.tokenizer = Box::new(tokenizer);
        self
    }

    /// Adds an entry to a lookup table.
    #[must_use]
    pub fn knowing(mut self, table: &str, key: impl AsRef<[u8]>, value: &str) -> Self {
        let table = self.tables.entry(table.to_owned()).or_default();
        table.insert(key.as_ref().to_vec(), value.to_owned());
        self
    }

    /// Makes it the host of this thread.
    pub fn install(self) {
        HOST.set(self);
    }

    pub(crate) fn log(&mut self, level: Level, text: &str) {
        self.lines.push(format!("{level:?} {text}"));
    }

    pub(crate) fn scan(&self, data: &[u8], kinds: &[String]) -> Hits {
        hits((self.detector)(data, kinds), 0)
    }

    pub(crate) fn scan_batch(&self, batch: &Batch, kinds: &[String]) -> Hits {
        if let Some(detector) = &self.batch_detector {
            return detector(batch, kinds);
        }
        let mut all = hits(Vec::new(), 0);
        for record in batch.records() {
            let hits = hits((self.detector)(record.bytes(), kinds), record.span().start);
            all.kinds.extend(hits.kinds);
            all.starts.extend(hits.starts);
            all.ends.extend(hits.ends);
        }
        all
    }

    pub(crate) fn tokens(&self, plain: &Column, scheme: &str) -> Column {
        let tokens: Vec<_> = values(plain).map(|value| (self.tokenizer)(value, scheme)).collect();
        column(&tokens)
    }

    pub(crate) fn find(&self, table: &str, keys: &Column) -> Vec<Option<String>> {
        values(keys).map(|key| self.tables.get(table)?.get(key).cloned()).collect()
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Host").field("tables", &self.tables).field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// The lines logged on this thread since the host was installed, each with its level.
pub fn lines() -> Vec<String> {
    HOST.with_borrow(|host| host.lines.clone())
}

pub(crate) fn with<R>(call: impl FnOnce(&mut Host) -> R) -> R {
    HOST.with_borrow_mut(call)
}

fn hits(found: Vec<(usize, Range<usize>)>, base: usize) -> Hits {
    Hits {
        kinds: found.iter().map(|(kind, _)| u8::try_from(*kind).expect("fewer than 256 kinds")).collect(),
        starts: found.iter().map(|(_, range)| offset(base + range.start)).collect(),
        ends: found.iter().map(|(_, range)| offset(base + range.end)).collect(),
    }
}
