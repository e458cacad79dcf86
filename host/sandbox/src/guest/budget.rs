//! The budgets in time of one call: CPU by this thread's own clock, so that a busy neighbour costs nobody his budget,
//! and a deadline by the wall that also covers host calls.

use std::time::{Duration, Instant};

use lockgate_core::fault::Fault;
use lockgate_core::limits::Limits;

use super::{Refused, thread_cpu};

#[derive(Debug)]
pub(crate) struct Budget {
    started: Instant,
    deadline: Duration,
    cpu: Duration,
    cpu_at_start: Duration,
}

impl Budget {
    /// The budgets of a call that begins now on this thread.
    pub(crate) fn start(limits: &Limits, input_bytes: u64) -> Self {
        Self {
            started: Instant::now(),
            deadline: limits.deadline,
            cpu: limits.cpu_for(input_bytes),
            cpu_at_start: thread_cpu(),
        }
    }

    /// Refuses to go on once a budget is spent. Ticks and host functions call it.
    pub(crate) fn look(&self) -> Result<(), Refused> {
        let after = self.started.elapsed();
        if after <= self.cpu {
            // CPU time never runs ahead of the wall, so there is nothing to ask the kernel.
            return self.look_at_wall(after);
        }
        let used = thread_cpu().saturating_sub(self.cpu_at_start);
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
