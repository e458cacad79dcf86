//! Rate limits: how many requests a user may make in a window, on however many hosts.
//!
//! A host leases a share of the window from the ledger and gives requests out of it without asking anybody, so that of
//! twenty requests nineteen cost no statement. All hosts together never admit more than the limit in a window. They may
//! admit less: what a host leased and did not use is nobody else's, so at most one share less one per further host.
//!
//! Each secure URL has a user's window. All URLs of a partner have a common one besides, so that more URLs are not more
//! requests without end.

mod share;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::digest::Digest;
use crate::ports::RateLedger;
use crate::secure_url::SUBJECT;
use crate::time::Clock;
use crate::viewer::Viewer;

use share::Share;

/// Subjects that a host remembers; past that, those whose windows are over are forgotten.
const ROOM: usize = 10_000;

/// How many requests in how much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The most requests in a window.
    pub requests: u32,
    /// How long a window lasts; it begins with its first request.
    pub window: Duration,
}

/// As many requests as so many users' may come by all secure URLs of a partner: a single one is no more than a part of it.
const URLS_AS_USERS: u32 = 10;

impl RateLimit {
    /// The limit of all secure URLs of a partner together.
    #[must_use]
    pub const fn of_all_urls(self) -> Self {
        Self { requests: self.requests.saturating_mul(URLS_AS_USERS), window: self.window }
    }

    /// What a host leases at a time.
    pub const fn share(self) -> u32 {
        let share = self.requests / 20;
        if share == 0 { 1 } else { share }
    }
}

/// Where a user stands, as its client may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub limit: RateLimit,
    /// Requests that may still be made in this window, as far as this host knows.
    pub remaining: u32,
    /// When the window ends.
    pub reset: Duration,
}

/// Nothing is left of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "more than {} requests within {} s; wait {} s",
    .0.limit.requests, .0.limit.window.as_secs_f32(), .0.reset.as_secs_f32().ceil()
)]
pub struct RateLimited(pub Standing);

/// The limits of all users on one host.
#[derive(Debug)]
pub struct RateLimits {
    limit: RateLimit,
    ledger: Arc<dyn RateLedger>,
    clock: Arc<dyn Clock>,
    shares: Mutex<HashMap<Digest, Arc<futures::lock::Mutex<Share>>>>,
}

impl RateLimits {
    /// Limits over a ledger.
    pub fn new(limit: RateLimit, ledger: Arc<dyn RateLedger>, clock: Arc<dyn Clock>) -> Self {
        Self { limit, ledger, clock, shares: Mutex::default() }
    }

    /// Counts one request of the viewer; one that comes by a secure URL also for all URLs of its partner, if the URL's own
    /// window lets it pass.
    ///
    /// # Errors
    ///
    /// When nothing is left of a window. That costs no statement until the window is over.
    pub async fn admit(&self, viewer: &Viewer) -> Result<Standing, RateLimited> {
        let own = subject(viewer, &viewer.subject);
        if !viewer.subject.starts_with(SUBJECT) {
            return self.count(own, self.limit).await;
        }
        // No user has that name.
        let (all, together) = (subject(viewer, SUBJECT), self.limit.of_all_urls());
        self.unless_spent(all, together).await?;
        let own = self.count(own, self.limit).await?;
        self.count(all, together).await.map(|_| own)
    }

    /// Refuses what is to be refused anyway, before it costs anything.
    async fn unless_spent(&self, subject: Digest, limit: RateLimit) -> Result<(), RateLimited> {
        let share = self.share(subject);
        let (mut share, now) = (share.lock().await, self.clock.now());
        if share.is_spent(now) { share.take(limit, now).map(drop) } else { Ok(()) }
    }

    async fn count(&self, subject: Digest, limit: RateLimit) -> Result<Standing, RateLimited> {
        let share = self.share(subject);
        // Held while the ledger is asked: the subject's other requests wait for the answer instead of asking too.
        let mut share = share.lock().await;
        let now = self.clock.now();
        if share.needs_lease(now) {
            match self.ledger.lease(subject, limit.window, limit.requests, limit.share()).await {
                Ok(lease) => share.leased(lease, self.clock.now()),
                Err(error) => {
                    // Without the database little can be done to it; limits are no reason to refuse the rest.
                    tracing::warn!(error = %error, "The rate ledger does not answer; a share is given without it.");
                    share.without_ledger(limit, now);
                }
            }
        }
        share.take(limit, self.clock.now())
    }

    fn share(&self, subject: Digest) -> Arc<futures::lock::Mutex<Share>> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.len() >= ROOM && !shares.contains_key(&subject) {
            let now = self.clock.now();
            shares.retain(|_, share| share.try_lock().is_none_or(|share| !share.is_over(now)));
        }
        Arc::clone(shares.entry(subject).or_default())
    }
}

/// A name at the viewer's partner; the same name at another partner is somebody else.
fn subject(viewer: &Viewer, name: &str) -> Digest {
    let partner = viewer.role.partner().map(|it| it.to_string()).unwrap_or_default();
    Digest::of(format!("{partner}\0{name}").as_bytes())
}
