//! A clock that stands until it is moved.

use std::sync::Mutex;
use std::time::Duration;

use lockgate_core::time::{Clock, Timestamp};

/// A clock for tests.
#[derive(Debug)]
pub struct VirtualClock(Mutex<Timestamp>);

impl Default for VirtualClock {
    /// Stands at 2026-01-01, because ids sort by time and must look like real ones.
    fn default() -> Self {
        Self(Mutex::new(Timestamp::from_unix_timestamp(1_767_225_600).expect("the date exists")))
    }
}

impl VirtualClock {
    /// Moves on.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().expect("no test panics while it moves the clock") += by;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while it reads the clock")
    }
}
