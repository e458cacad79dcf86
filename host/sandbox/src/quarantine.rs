//! Quarantine: a binding that faults again and again is not run for a while, so that it costs its owner and nobody else.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockgate_core::fault::Fault;
use lockgate_core::id::BindingId;
use lockgate_core::time::{Clock, Timestamp};

use crate::config::QuarantineRule;

/// A binding that is not run for now; for operators and metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Which binding.
    pub binding: BindingId,
    /// Until when.
    pub until: Timestamp,
    /// The fault that was one too many.
    pub last: Fault,
}

/// Who faulted when.
#[derive(Debug)]
pub(crate) struct Quarantine {
    rule: QuarantineRule,
    clock: Arc<dyn Clock>,
    records: Mutex<HashMap<BindingId, Record>>,
}

#[derive(Debug)]
struct Record {
    faults: VecDeque<Timestamp>,
    until: Option<Timestamp>,
    last: Fault,
}

/// Bindings come and go with revisions; beyond this, those without recent faults are forgotten.
const MANY: usize = 4_096;

impl Quarantine {
    pub(crate) fn new(rule: QuarantineRule, clock: Arc<dyn Clock>) -> Self {
        Self { rule, clock, records: Mutex::default() }
    }

    /// The last fault of a quarantined binding, and until when it rests.
    pub(crate) fn of(&self, binding: BindingId) -> Option<(Fault, Timestamp)> {
        let now = self.clock.now();
        let mut records = self.records();
        let record = records.get(&binding)?;
        match record.until {
            Some(until) if now < until => Some((record.last.clone(), until)),
            // Served: it begins anew.
            Some(_) => {
                records.remove(&binding);
                None
            }
            None => None,
        }
    }

    /// Counts a fault.
    pub(crate) fn record(&self, binding: BindingId, fault: &Fault) {
        let now = self.clock.now();
        let mut records = self.records();
        if records.len() >= MANY {
            records.retain(|_, record| record.is_recent(now, self.rule));
        }
        let record = records.entry(binding).or_insert_with(|| Record {
            faults: VecDeque::new(),
            until: None,
            last: fault.clone(),
        });
        record.last = fault.clone();
        record.faults.push_back(now);
        while record.faults.front().is_some_and(|at| now - *at > self.rule.window) {
            record.faults.pop_front();
        }
        if record.faults.len() >= self.rule.faults && record.until.is_none_or(|until| until <= now) {
            record.until = Some(now + self.rule.rest);
            record.faults.clear();
            tracing::warn!(
                binding.id = %binding,
                fault.kind = fault.kind(),
                "A binding faulted too often and is quarantined on this host for {:?}.",
                self.rule.rest
            );
        }
    }

    /// Who is quarantined now.
    pub(crate) fn list(&self) -> Vec<Quarantined> {
        let now = self.clock.now();
        let records = self.records();
        let now_quarantined = records.iter().filter_map(|(binding, record)| {
            let until = record.until.filter(|until| now < *until)?;
            Some(Quarantined { binding: *binding, until, last: record.last.clone() })
        });
        now_quarantined.collect()
    }

    fn records(&self) -> MutexGuard<'_, HashMap<BindingId, Record>> {
        // No code that can panic runs under the lock.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn is_recent(&self, now: Timestamp, rule: QuarantineRule) -> bool {
        self.until.is_some_and(|until| now < until) || self.faults.back().is_some_and(|at| now - *at <= rule.window)
    }
}

#[cfg(test)]
mod tests;
