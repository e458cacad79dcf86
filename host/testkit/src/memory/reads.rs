//! How often the query side was read, so that tests can prove what a request costs.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How the query side was used; in Postgres each read is one statement.
#[derive(Debug, Default)]
pub struct Reads {
    pub(super) opened: AtomicUsize,
    pub(super) closed: AtomicUsize,
    pub(super) made: AtomicUsize,
}

impl Reads {
    /// How many snapshots were opened.
    pub fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }

    /// How many snapshots were closed in order.
    pub fn closed(&self) -> usize {
        self.closed.load(Ordering::SeqCst)
    }

    /// How many reads were made.
    pub fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }
}
