//! The four hooks: one file each turns the port's calls into the contract's, and answers back within their limits.

pub(crate) mod mask;
pub(crate) mod notify;
pub(crate) mod route;
pub(crate) mod validate;

use lockgate_core::batch::Batch;
use lockgate_core::fault::Fault;
use lockgate_core::finding::Severity;
use lockgate_core::ports::{RawFinding, RawFindings, RawPlace, Subject};
use wasmtime::Store;

use crate::contract::v1::hooks::types;
use crate::guest::{Refused, State};

/// A subject in the contract's words; its attributes are borrowed by the second step.
struct LentSubject<'a> {
    transfer: String,
    attributes: Vec<types::AttributeParam<'a>>,
    preamble: &'a [u8],
}

impl<'a> LentSubject<'a> {
    fn new(subject: &'a Subject) -> Self {
        Self {
            transfer: subject.transfer.to_string(),
            attributes: lend(&subject.attributes),
            preamble: &subject.preamble,
        }
    }

    fn lend(&self) -> types::Subject<'_> {
        types::Subject { transfer: &self.transfer, attributes: &self.attributes, preamble: self.preamble }
    }
}

fn lend(attributes: &[(String, String)]) -> Vec<types::AttributeParam<'_>> {
    attributes.iter().map(|(name, value)| types::AttributeParam { name, value }).collect()
}

fn lend_batch(batch: &Batch) -> types::Batch<'_> {
    let records = types::Column { data: &batch.records.data, ends: &batch.records.ends };
    types::Batch { first: batch.first, records, keys: None, last: batch.last }
}

fn subject_bytes(subject: &Subject) -> u64 {
    let attributes: usize = subject.attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
    (attributes + subject.preamble.len()) as u64
}

pub(crate) fn batch_bytes(batch: &Batch) -> u64 {
    batch.records.data.len() as u64
}

/// Findings as the port gives them, if there are not too many.
fn findings(store: &Store<State>, answer: types::Findings) -> Result<RawFindings, Refused> {
    let limit = store.data().limits.findings;
    let was = answer.items.len() as u64;
    if was > limit {
        return Err(Refused(Fault::Findings { limit, was }));
    }
    let items = answer.items.into_iter().map(|finding| RawFinding {
        rule: finding.rule,
        severity: match finding.severity {
            types::Severity::Note => Severity::Note,
            types::Severity::Hold => Severity::Hold,
            types::Severity::Refuse => Severity::Refuse,
        },
        message: finding.message,
        place: finding.place.map(|place| RawPlace {
            position: place.position,
            start: place.start,
            end: place.end,
            pointer: place.pointer,
        }),
    });
    Ok(RawFindings { items: items.collect(), dropped: answer.dropped })
}

/// Other things of which an answer may hold some: facts, targets, messages. They share the limit of findings.
fn few(store: &Store<State>, was: usize) -> Result<(), Refused> {
    let limit = store.data().limits.findings;
    let was = was as u64;
    if was > limit { Err(Refused(Fault::Findings { limit, was })) } else { Ok(()) }
}

/// The exports are chosen by hook when a component is linked; another hook's here is a mistake of the host.
fn mismatch() -> wasmtime::Error {
    wasmtime::Error::msg("the guest was linked for another hook")
}
