//! What this host knows to hold, and how it gets rid of what only the database says it holds.
//!
//! The answer to a claim can get lost on the way: then the database counts a living host as the owner of work that the
//! host never heard of, and nobody would adopt it. After such a doubt the two are compared.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lockgate_bus::Claimer;
use lockgate_core::claim::Claim;
use lockgate_core::command::{RungCommand, Work};
use lockgate_core::id::HostId;
use lockgate_core::ports::{StoreError, TransferStore};
use lockgate_core::transfer::Version;

const EVERY: Duration = Duration::from_secs(5);

/// The claims that this host knows of.
#[derive(Debug, Default)]
pub(crate) struct Holdings {
    known: Mutex<HashMap<Work, Version>>,
    doubt: AtomicBool,
}

impl Holdings {
    /// Takes note of what came of a claim or an adoption.
    pub(crate) fn heard(&self, outcome: &Result<Vec<Claim>, StoreError>) {
        match outcome {
            Ok(claims) => self.note(claims),
            Err(_) => self.doubt(),
        }
    }

    /// Takes note of claims.
    pub(crate) fn note(&self, claims: &[Claim]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(claims.iter().map(|it| (it.aggregate.work(), it.aggregate.version())));
    }

    /// The database may say that this host holds what the host does not know of.
    pub(crate) fn doubt(&self) {
        self.doubt.store(true, Ordering::Relaxed);
    }

    /// Forgets a claim that is worked off or handed back.
    pub(crate) fn forget(&self, claim: &Claim) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.get(&claim.aggregate.work()) == Some(&claim.aggregate.version()) {
            known.remove(&claim.aggregate.work());
        }
    }

    fn known(&self) -> Vec<(Work, Version)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(work, version)| (*work, *version)).collect()
    }
}

/// Claims in the name of this host and takes note of it.
#[derive(Debug)]
pub(crate) struct NotingClaimer {
    pub(crate) store: Arc<dyn TransferStore>,
    pub(crate) host: HostId,
    pub(crate) holdings: Arc<Holdings>,
}

#[async_trait]
impl Claimer for NotingClaimer {
    async fn claim(&self, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError> {
        let mut doubt = Doubt { holdings: &self.holdings, settled: false };
        let outcome = self.store.claim(self.host, commands).await;
        self.holdings.heard(&outcome);
        doubt.settled = true;
        outcome
    }
}

/// Raises a doubt when a claim is given up before its answer came.
struct Doubt<'a> {
    holdings: &'a Holdings,
    settled: bool,
}

impl Drop for Doubt<'_> {
    fn drop(&mut self) {
        if !self.settled {
            self.holdings.doubt();
        }
    }
}

/// Compares, after a doubt, what the database says with what the host knows.
#[derive(Debug)]
pub(crate) struct Comparison {
    pub(crate) store: Arc<dyn TransferStore>,
    pub(crate) host: HostId,
    pub(crate) holdings: Arc<Holdings>,
    /// Claims younger than this may still be on their way here.
    pub(crate) settled_after: Duration,
}

impl Comparison {
    /// Compares for ever, when there is a reason.
    pub(crate) async fn run(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if !self.holdings.doubt.swap(false, Ordering::Relaxed) {
                continue;
            }
            tokio::time::sleep(self.settled_after).await;
            match self.store.disown(self.host, &self.holdings.known(), self.settled_after).await {
                Ok(0) => {}
                Ok(count) => tracing::warn!(count, "Claims whose answers got lost were given back."),
                Err(_) => self.holdings.doubt(),
            }
        }
    }
}
