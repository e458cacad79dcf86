//! `lockgate:host/detect`: the host's detectors; `scan-batch` works on the batch under way, of which nothing is copied.

use std::sync::Arc;

use lockgate_core::detect::{Kind, Scanner};
use lockgate_core::plugin::CapabilityName;

use super::{Pace, STEP};
use crate::contract::v1::host::detect::{Hits, Host};
use crate::guest::{Refused, State, refused};

/// Longer data is scanned in pieces that overlap by this: no hit is longer.
const OVERLAP: usize = 512;

/// A kind named twice is scanned for twice, so this bounds the work of one call.
const MOST_KINDS: usize = 8;

impl Host for State {
    fn scan(&mut self, data: Vec<u8>, kinds: Vec<String>) -> wasmtime::Result<Hits> {
        self.enter(Some(CapabilityName::Detect))?;
        let kinds = wanted(&kinds)?;
        let mut hits = empty();
        self.scan_value(&data, 0, &kinds, &mut hits, &mut Work::default())?;
        Ok(hits)
    }

    fn scan_batch(&mut self, kinds: Vec<String>) -> wasmtime::Result<Hits> {
        self.enter(Some(CapabilityName::Detect))?;
        let kinds = wanted(&kinds)?;
        let batch = self.batch.as_ref().map(Arc::clone);
        let batch = batch.ok_or_else(|| refused("it called `scan-batch` when no batch was under way".to_owned()))?;
        let mut hits = empty();
        let mut work = Work::default();
        for index in 0..batch.records.len() {
            let Some(range) = batch.records.range(index) else { break };
            let offset = range.start;
            self.scan_value(&batch.records.data[range], offset, &kinds, &mut hits, &mut work)?;
        }
        Ok(hits)
    }
}

/// What one host call needs for all values.
#[derive(Default)]
struct Work {
    scanner: Scanner,
    pace: Pace,
}

impl State {
    fn scan_value(
        &self,
        value: &[u8],
        offset: usize,
        kinds: &[Kind],
        hits: &mut Hits,
        work: &mut Work,
    ) -> Result<(), Refused> {
        let (mut from, mut free_from) = (0, 0);
        loop {
            let to = value.len().min(from + STEP);
            let is_last = to == value.len();
            // What begins near the end of a piece may go on behind it: the next piece sees it whole, and what is
            // before it.
            let settled = if is_last { value.len() } else { to - OVERLAP };
            let found = work.scanner.scan(&value[from..to], kinds);
            for (range, kind) in found.ranges().zip(&found.kinds) {
                let (start, end) = (from + range.start, from + range.end);
                if start >= settled || start < free_from {
                    continue;
                }
                free_from = end;
                hits.kinds.push(*kind);
                hits.starts.push(offset_of(offset + start));
                hits.ends.push(offset_of(offset + end));
            }
            work.pace.step(self, to - from)?;
            if is_last {
                return Ok(());
            }
            free_from = free_from.max(settled);
            from = settled - OVERLAP;
        }
    }
}

/// The kinds that a guest asked for; a hit's kind is an index into them.
fn wanted(names: &[String]) -> Result<Vec<Kind>, Refused> {
    if names.len() > MOST_KINDS {
        return Err(refused(format!("it asked `detect` for {} kinds", names.len())));
    }
    let parse = |name: &String| {
        Kind::from_name(name).ok_or_else(|| {
            let known = Kind::ALL.map(Kind::name).join(", ");
            refused(format!("it asked `detect` for the kind `{}`; there are {known}", name.escape_debug()))
        })
    };
    names.iter().map(parse).collect()
}

fn empty() -> Hits {
    Hits { kinds: vec![], starts: vec![], ends: vec![] }
}

fn offset_of(offset: usize) -> u32 {
    u32::try_from(offset).expect("batches and guests' memory are smaller than 4 GiB")
}
