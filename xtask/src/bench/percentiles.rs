//! Times in order, and what is said about them.

use std::time::Duration;

/// Durations, sorted.
#[derive(Debug)]
pub(super) struct Percentiles(Vec<Duration>);

impl Percentiles {
    pub(super) fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        Self(times)
    }

    /// The time that so many percent of all did not exceed; zero of nothing.
    pub(super) fn at(&self, percent: usize) -> Duration {
        // The nearest rank: a time that was measured, none in between.
        let rank = (percent * self.0.len()).div_ceil(100).max(1);
        self.0.get(rank - 1).or(self.0.last()).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn line(&self, name: &str) -> String {
        let ms = |percent| self.at(percent).as_secs_f64() * 1_000.0;
        format!(
            "{name:<44} p50 {:>8.1} ms   p95 {:>8.1} ms   p99 {:>8.1} ms   max {:>8.1} ms",
            ms(50),
            ms(95),
            ms(99),
            ms(100)
        )
    }
}
