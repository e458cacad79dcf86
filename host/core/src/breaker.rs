//! Breakers: a destination that fails again and again is left alone for a while, then probed by one delivery at a time.
//! Pure arithmetic; the store keeps one breaker per destination, shared by all hosts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::destination::DestinationSettings;
use crate::id::DeliveryId;
use crate::time::Timestamp;

/// A probe that says nothing for so long no longer keeps others from probing.
const PROBE: Duration = Duration::from_secs(120);
/// How soon a delivery looks again that met a probe under way.
const BESIDE: Duration = Duration::from_secs(5);
/// However often probes failed, the next is not later.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreakerState {
    /// Deliveries pass.
    Closed,
    /// None passes until its time is over.
    Open,
    /// One delivery probes, the others wait.
    HalfOpen,
}

/// What keeps a failing destination from being hammered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// Where it stands.
    pub state: BreakerState,
    /// Failures in a row while closed.
    pub failures: u32,
    /// How often it opened since it was closed for good; each time the pause doubles.
    pub trips: u32,
    /// Until when it is open, or the probe has time.
    pub until: Option<Timestamp>,
    /// Which delivery probes.
    pub probe: Option<DeliveryId>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { state: BreakerState::Closed, failures: 0, trips: 0, until: None, probe: None }
    }
}

impl Breaker {
    /// Whether a delivery passes now, and the breaker afterwards; otherwise when to look again.
    pub fn admit(&self, delivery: DeliveryId, now: Timestamp) -> Result<Self, Timestamp> {
        let over = self.until.is_none_or(|until| until <= now);
        match self.state {
            BreakerState::Closed => Ok(self.clone()),
            BreakerState::HalfOpen if self.probe == Some(delivery) => Ok(self.clone()),
            BreakerState::HalfOpen if !over => Err(now + BESIDE),
            BreakerState::Open if !over => Err(self.until.unwrap_or(now)),
            BreakerState::Open | BreakerState::HalfOpen => Ok(Self {
                state: BreakerState::HalfOpen,
                until: Some(now + PROBE),
                probe: Some(delivery),
                ..self.clone()
            }),
        }
    }

    /// The breaker after an attempt that says nothing of the destination's health: if it was the probe, the next may probe
    /// at once.
    pub fn released(&self, delivery: DeliveryId, now: Timestamp) -> Self {
        match self.state {
            BreakerState::HalfOpen if self.probe == Some(delivery) => {
                Self { until: Some(now), probe: None, ..self.clone() }
            }
            _ => self.clone(),
        }
    }

    /// The breaker after an attempt that shows the destination in health or not.
    pub fn after(&self, healthy: bool, settings: &DestinationSettings, now: Timestamp) -> Self {
        if healthy || settings.breaker_failures == 0 {
            return Self::default();
        }
        let failures = self.failures.saturating_add(1);
        match self.state {
            BreakerState::Closed if failures < settings.breaker_failures => Self { failures, ..self.clone() },
            BreakerState::Closed | BreakerState::HalfOpen => {
                let pause = Duration::from_secs(settings.breaker_pause_seconds);
                let pause = pause.saturating_mul(1 << self.trips.min(10)).min(LONGEST_PAUSE.max(pause));
                Self {
                    state: BreakerState::Open,
                    failures,
                    trips: self.trips.saturating_add(1),
                    until: Some(now + pause),
                    probe: None,
                }
            }
            // An attempt that began before it opened.
            BreakerState::Open => self.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
