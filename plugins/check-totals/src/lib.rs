//! Counts rows, watches over unique keys and adds up decimal columns of a whole CSV file.
//!
//! ```json
//! {"unique": [["id"]], "sums": [{"column": "amount", "trailer": 2}],
//!  "trailer": {"column": 0, "equals": "TRAILER", "rows": 1}}
//! ```
//!
//! Sums are exact. Facts for routing: `rows`, and `sum.<column>` for each sum. Memory is bounded: of each key 16
//! bytes of hash are remembered, up to `max-keys`; a file with more is held, because nobody can vouch for the rest.

mod keys;
mod settings;
mod sum;
mod trailer;

use lockgate_sdk::{
    Batch, Facts, Finding, Findings, Record, Severity, Subject, Validate,
    csv::{Cell, Dialect, Header},
};

use keys::Keys;
use settings::Settings;
use sum::Sum;

/// The plugin.
#[derive(Debug)]
pub struct CheckTotals {
    settings: Settings,
    severity: Severity,
    payload: Payload,
}

/// What is known about the payload under way.
#[derive(Debug, Default)]
struct Payload {
    dialect: Dialect,
    header: Header,
    rows: u64,
    keys: Vec<Keys>,
    sums: Vec<Sum>,
    trailer: Option<trailer::Totals>,
    after_trailer: bool,
}

lockgate_sdk::export!(validate: CheckTotals);

impl Validate for CheckTotals {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        settings.check()?;
        Ok(Self { severity: settings.severity.into(), settings, payload: Payload::default() })
    }

    fn begin(&mut self, subject: &Subject) {
        let dialect = Dialect::of(self.settings.dialect, subject);
        let header = Header::of(subject, dialect);
        let keys = self.settings.unique.iter().map(|columns| Keys::new(columns, &header, self.settings.max_keys));
        let sums = self.settings.sums.iter().map(|sum| Sum::new(sum, &header));
        let (keys, sums) = (keys.collect(), sums.collect());
        self.payload = Payload { dialect, header, keys, sums, ..Payload::default() };
    }

    fn check(&mut self, batch: &Batch, findings: &mut Findings) {
        for record in batch.records() {
            self.check_record(&record, findings);
        }
    }

    fn finish(&mut self, findings: &mut Findings, facts: &mut Facts) {
        let complain = |rule: &str, message| findings.push(Finding::new(self.severity, rule, message));
        self.payload.conclude(&self.settings, complain);
        facts.set("rows", self.payload.rows);
        for sum in &self.payload.sums {
            if let Some(total) = sum.total() {
                facts.set(format!("sum.{}", sum.fact()), total);
            }
        }
    }
}

impl CheckTotals {
    fn check_record(&mut self, record: &Record<'_>, findings: &mut Findings) {
        let Payload { dialect, header, rows, keys, sums, trailer, after_trailer } = &mut self.payload;
        let cells: Vec<Cell> = dialect.cells(record.bytes()).collect();
        let value = |index: usize| Some(dialect.value(record.bytes(), cells.get(index)?));
        if trailer.is_some() {
            if !std::mem::replace(after_trailer, true) {
                let whole = 0..record.bytes().len();
                let finding = Finding::new(self.severity, "trailer-place", "a record follows the trailer");
                findings.push(finding.at(record, whole));
            }
            return;
        }
        if let Some(described) = self.settings.trailer.as_ref().filter(|trailer| trailer.is(value(trailer.column))) {
            *trailer = Some(trailer::Totals::read(described, &self.settings.sums, value));
            return;
        }
        *rows += 1;
        for keys in keys {
            if let Some(earlier) = keys.repeats(value) {
                findings.push_with(|| {
                    let message = format!("the key {} was there before", keys.name());
                    let range = cells.get(earlier).map_or(0..record.bytes().len(), |cell| cell.range.clone());
                    Finding::new(self.severity, "key-duplicate", message).at(record, range).pointer(keys.name())
                });
            }
        }
        for sum in sums {
            if let Some((cell, message)) = sum.add(value) {
                findings.push_with(|| {
                    let range = cells.get(cell).map_or(0..record.bytes().len(), |cell| cell.range.clone());
                    Finding::new(self.severity, "sum-cell", message).at(record, range).pointer(header.name(cell))
                });
            }
        }
    }
}

impl Payload {
    /// Holds what was counted against what was expected.
    fn conclude(&self, settings: &Settings, mut complain: impl FnMut(&str, String)) {
        let rows = self.rows;
        if let Some(min) = settings.rows.min.filter(|&min| rows < min) {
            complain("row-count", format!("there are {rows} rows, at least {min} are expected"));
        }
        if let Some(max) = settings.rows.max.filter(|&max| rows > max) {
            complain("row-count", format!("there are {rows} rows, at most {max} are expected"));
        }
        if settings.trailer.is_some() && self.trailer.is_none() {
            complain("trailer-missing", "the file has no trailer record: is it cut off?".to_owned());
        }
        if let Some(stated) = self.trailer.as_ref().and_then(|trailer| trailer.rows.as_ref()) {
            match stated {
                Some(stated) if *stated == rows => (),
                Some(stated) => complain("trailer-rows", format!("the trailer says {stated} rows, there are {rows}")),
                None => complain("trailer-rows", "the trailer's number of rows is not a number".to_owned()),
            }
        }
        for keys in &self.keys {
            keys.conclude(&mut complain);
        }
        for (index, sum) in self.sums.iter().enumerate() {
            let stated = self.trailer.as_ref().and_then(|trailer| trailer.sums.get(index)?.as_ref());
            sum.conclude(stated, &mut complain);
        }
    }
}
