//! What the host offers to plugins: one file an interface. The first line of every function checks the grant.

pub(crate) mod detect;
pub(crate) mod log;
pub(crate) mod lookup;
pub(crate) mod tokenize;

use lockgate_core::fault::Fault;

use crate::contract::v1::host::types::Column;
use crate::guest::{Refused, State, refused};

/// Hosts work in steps of about this size between two looks at the clock.
const STEP: usize = 64 * 1024;

/// The values of a guest's column, whose ends were not to be trusted until here.
fn values(column: &Column) -> Result<impl Iterator<Item = &[u8]>, Refused> {
    let mut before = 0;
    for &end in &column.ends {
        if end < before || end as usize > column.data.len() {
            return Err(refused(format!(
                "it handed over a column whose ends do not ascend within its {} bytes",
                column.data.len()
            )));
        }
        before = end;
    }
    let starts = std::iter::once(0).chain(column.ends.iter().copied());
    Ok(starts.zip(&column.ends).map(|(start, end)| &column.data[start as usize..*end as usize]))
}

/// Looks at the clock once a step.
#[derive(Default)]
struct Pace {
    since: usize,
}

impl Pace {
    fn step(&mut self, state: &State, bytes: usize) -> Result<(), Refused> {
        // A value costs something even when it is empty.
        self.since += bytes + 16;
        if self.since < STEP {
            return Ok(());
        }
        self.since = 0;
        state.budget.look()
    }
}

/// An answer that the guest would have to take, held against the limit for answers.
fn fits(state: &State, bytes: usize) -> Result<(), Refused> {
    let limit = state.limits.output_bytes;
    let was = bytes as u64;
    if was > limit { Err(Refused(Fault::Output { limit, was })) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
