//! Forged tokens by address: who brings many is refused before its next one is looked at, so that forging costs us less
//! than the forger. Tokens that were good before pass all the same: an address may be shared with an attacker.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_core::digest::Digest;
use lockgate_core::rate::{RateLimit, Standing};
use lockgate_core::time::Timestamp;
use lockgate_core::viewer::Viewer;

/// Addresses and tokens that are remembered, each.
const ROOM: usize = 50_000;
/// So long a token that was good is remembered.
const GOOD_FOR: Duration = Duration::from_secs(600);

/// The failures of all addresses, on this host.
pub struct Strikes {
    limit: RateLimit,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Until when failures are counted, and how many there were.
    failures: HashMap<IpAddr, (Timestamp, u32)>,
    /// The tokens that count as known.
    good: HashMap<Digest, Known>,
}

/// A token that was good.
struct Known {
    until: Timestamp,
    /// Who comes by it, where only a look-up tells: somebody by a secure URL.
    visitor: Option<Viewer>,
}

impl Strikes {
    /// So many failures in so much time.
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, state: Mutex::default() }
    }

    /// Whether a token from the address is looked at.
    pub(super) fn check(&self, address: IpAddr, token: Digest, now: Timestamp) -> Result<(), Standing> {
        let state = self.state();
        let reset = match state.failures.get(&neighbourhood(address)) {
            Some((ends, count)) if *count >= self.limit.requests && now < *ends => *ends - now,
            _ => return Ok(()),
        };
        if state.good.get(&token).is_some_and(|known| now < known.until) {
            return Ok(());
        }
        Err(Standing { limit: self.limit, remaining: 0, reset: reset.try_into().unwrap_or_default() })
    }

    /// A token was not one of ours, or never was good.
    pub(super) fn failed(&self, address: IpAddr, now: Timestamp) {
        let mut state = self.state();
        if state.failures.len() >= ROOM {
            state.failures.retain(|_, (ends, _)| now < *ends);
            if state.failures.len() >= ROOM {
                // So many addresses at once are one attack; what single ones did says nothing any more.
                state.failures.clear();
            }
        }
        let window = self.limit.window;
        let entry = state.failures.entry(neighbourhood(address)).or_insert((now + window, 0));
        if entry.0 <= now {
            *entry = (now + window, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }

    /// A token was good.
    pub(super) fn succeeded(&self, token: Digest, now: Timestamp) {
        self.remember(token, None, now);
    }

    /// A token was good, and that is who comes by it.
    pub(crate) fn came(&self, token: Digest, visitor: &Viewer, now: Timestamp) {
        self.remember(token, Some(visitor.clone()), now);
    }

    /// Who comes by a token that is known.
    pub(crate) fn visitor(&self, token: Digest, now: Timestamp) -> Option<Viewer> {
        self.state().good.get(&token).filter(|known| now < known.until)?.visitor.clone()
    }

    fn remember(&self, token: Digest, visitor: Option<Viewer>, now: Timestamp) {
        let mut state = self.state();
        let until = now + GOOD_FOR;
        if let Some(known) = state.good.get_mut(&token) {
            known.until = until;
            known.visitor = visitor.or_else(|| known.visitor.take());
            return;
        }
        if state.good.len() >= ROOM {
            state.good.retain(|_, known| now < known.until);
        }
        if state.good.len() < ROOM {
            state.good.insert(token, Known { until, visitor });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Strikes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Strikes").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// Whoever has one IPv6 address has the 2^64 around it.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}
