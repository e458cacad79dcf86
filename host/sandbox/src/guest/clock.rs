//! The two clocks of a budget.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The clock that the kernel moves at its own ticks: exact to some milliseconds, as budgets are, and several times cheaper
/// to read than the exact one. Every call reads it twice.
#[cfg(target_os = "linux")]
const WALL: ClockId = ClockId::MonotonicCoarse;
#[cfg(not(target_os = "linux"))]
const WALL: ClockId = ClockId::Monotonic;

/// Time by the wall, from an arbitrary beginning.
pub(super) fn wall() -> Duration {
    duration(clock_gettime(WALL))
}

/// The CPU time that this thread has used.
pub(super) fn thread_cpu() -> Duration {
    duration(clock_gettime(ClockId::ThreadCPUTime))
}

fn duration(time: Timespec) -> Duration {
    Duration::new(
        u64::try_from(time.tv_sec).expect("these clocks begin at zero and only grow"),
        u32::try_from(time.tv_nsec).expect("nanoseconds stay below a second"),
    )
}
