//! The budgets in time of one call: CPU by this thread's own clock, so that a busy neighbour costs nobody his budget,
//! and a deadline by the wall that also covers host calls.

use std::sync::OnceLock;
use std::time::Duration;

use lockgate_core::fault::Fault;
use lockgate_core::limits::Limits;

use super::Refused;
use super::clock::{thread_cpu, wall};
use crate::engine::TICK;

/// From this budget on the thread's clock is first read when a tick looks, not when the call begins: most calls end
/// before, and asking the kernel would cost them more than the rest of their limits. What was used until then is given
/// away, a tick or two, which is as exactly as time is kept here anyway.
const LENIENT: Duration = TICK.saturating_mul(4);

#[derive(Debug)]
pub(crate) struct Budget {
    /// By the wall, from an arbitrary beginning.
    started: Duration,
    deadline: Duration,
    cpu: Duration,
    /// What the thread had used when it was first looked at.
    cpu_at_start: OnceLock<Duration>,
}

impl Budget {
    /// The budgets of a call that begins now on this thread.
    pub(crate) fn start(limits: &Limits, input_bytes: u64) -> Self {
        let cpu = limits.cpu_for(input_bytes);
        let cpu_at_start = if cpu < LENIENT { OnceLock::from(thread_cpu()) } else { OnceLock::new() };
        Self { started: wall(), deadline: limits.deadline, cpu, cpu_at_start }
    }

    /// A tick: looks, and remembers what the thread has used if nobody did before.
    pub(crate) fn tick(&self) -> Result<(), Refused> {
        self.cpu_at_start.get_or_init(thread_cpu);
        self.look()
    }

    /// Refuses to go on once a budget is spent. Ticks and host functions call it.
    pub(crate) fn look(&self) -> Result<(), Refused> {
        let after = wall().saturating_sub(self.started);
        if after <= self.cpu {
            // CPU time never runs ahead of the wall, so there is nothing to ask the kernel.
            return self.look_at_wall(after);
        }
        let at_start = *self.cpu_at_start.get_or_init(thread_cpu);
        let used = thread_cpu().saturating_sub(at_start);
        if used > self.cpu {
            return Err(Refused(Fault::Cpu { limit: self.cpu, used }));
        }
        self.look_at_wall(after)
    }

    fn look_at_wall(&self, after: Duration) -> Result<(), Refused> {
        if after > self.deadline {
            return Err(Refused(Fault::Deadline { limit: self.deadline, after }));
        }
        Ok(())
    }
}
