//! Checks columns of CSV records: type, presence, pattern, range, enumeration and length.
//!
//! ```json
//! {"columns": [{"name": "amount", "type": "decimal", "required": true, "min": 0},
//!              {"name": "country", "one-of": ["AT", "DE"]},
//!              {"index": 7, "type": "date", "format": "%d.%m.%Y", "severity": "hold"}]}
//! ```
//!
//! Each record is judged alone. Findings point at the cell's bytes, quotes included, and name the column.

mod cell;
mod date;
mod settings;

use lockgate_sdk::{
    Batch, Facts, Finding, Findings, Record, Severity, Subject, Validate,
    csv::{Column, Dialect, Header},
};

use cell::Rules;
use settings::Settings;

/// The plugin.
#[derive(Debug)]
pub struct ValidateCsv {
    dialect: Option<Dialect>,
    width: Option<usize>,
    severity: Severity,
    rules: Vec<(Column, Rules)>,
    payload: Payload,
}

/// What is known about the payload under way.
#[derive(Debug, Default)]
struct Payload {
    dialect: Dialect,
    width: Option<usize>,
    /// For each cell of a record, the rules that apply to it.
    by_cell: Vec<Vec<usize>>,
    /// Names of cells, for findings.
    header: Header,
    /// Rules whose column the header lacks.
    absent: Vec<usize>,
    /// Whether any record came.
    begun: bool,
}

lockgate_sdk::export!(validate: ValidateCsv);

impl Validate for ValidateCsv {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        let severity = settings.severity.into();
        let rules = settings.columns.into_iter().map(|column| Ok((column.which()?, Rules::new(column, severity)?)));
        let rules = rules.collect::<Result<Vec<_>, String>>()?;
        let mut plugin =
            Self { dialect: settings.dialect, width: settings.width, severity, rules, payload: Payload::default() };
        plugin.begin(&Subject::new(""));
        Ok(plugin)
    }

    fn begin(&mut self, subject: &Subject) {
        let dialect = Dialect::of(self.dialect, subject);
        let header = Header::of(subject, dialect);
        let width = self.width.or(Some(header.width())).filter(|&width| width > 0);
        let (mut by_cell, mut absent) = (vec![Vec::new(); header.width()], Vec::new());
        for (rule, (column, _)) in self.rules.iter().enumerate() {
            let Some(cell) = header.find(column) else {
                absent.push(rule);
                continue;
            };
            if by_cell.len() <= cell {
                by_cell.resize(cell + 1, Vec::new());
            }
            by_cell[cell].push(rule);
        }
        self.payload = Payload { dialect, width, by_cell, header, absent, begun: false };
    }

    fn check(&mut self, batch: &Batch, findings: &mut Findings) {
        self.payload.begun = true;
        // The header is one for all records, so its faults are told once, with the payload's first record.
        if batch.first() == 0 {
            self.tell_absent(findings);
        }
        for record in batch.records() {
            self.check_record(&record, findings);
        }
    }

    /// A file without a record has a header all the same, or lacks one.
    fn finish(&mut self, findings: &mut Findings, _: &mut Facts) {
        if !self.payload.begun {
            self.tell_absent(findings);
        }
    }
}

impl ValidateCsv {
    fn tell_absent(&self, findings: &mut Findings) {
        for &rule in &self.payload.absent {
            let (column, rules) = &self.rules[rule];
            let message = format!("the header has no column {column}");
            findings.push(Finding::new(rules.severity, "column-missing", message));
        }
    }

    fn check_record(&self, record: &Record<'_>, findings: &mut Findings) {
        let Payload { dialect, by_cell, header, .. } = &self.payload;
        let mut count = 0;
        for cell in dialect.cells(record.bytes()) {
            for &rule in by_cell.get(count).into_iter().flatten() {
                let rules = &self.rules[rule].1;
                let value = dialect.value(record.bytes(), &cell);
                rules.check(&value, |rule, message| {
                    findings.push_with(|| {
                        let finding = Finding::new(rules.severity, rule, format!("the cell {message}"));
                        finding.at(record, cell.range.clone()).pointer(header.name(count))
                    });
                });
            }
            count += 1;
        }
        if let Some(width) = self.payload.width.filter(|&width| width != count) {
            findings.push_with(|| {
                let message = format!("the record has {count} cells, expected {width}");
                Finding::new(self.severity, "column-count", message).at(record, 0..record.bytes().len())
            });
        }
        // Cells that a short record does not have are as absent as empty ones.
        for (index, rules) in by_cell.iter().enumerate().skip(count) {
            for rules in rules.iter().map(|&rule| &self.rules[rule].1).filter(|rules| rules.required) {
                findings.push_with(|| {
                    let end = record.bytes().len();
                    let finding = Finding::new(rules.severity, "cell-required", "the cell is required, but absent");
                    finding.at(record, end..end).pointer(header.name(index))
                });
            }
        }
    }
}
