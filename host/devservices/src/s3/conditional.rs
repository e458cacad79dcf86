//! One writer per key at a time, so that "only if absent" means it also when clients race.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

type Turn = tokio::sync::Mutex<()>;

/// A lock for every key that is being written; keys at rest cost nothing.
#[derive(Debug, Default)]
pub(super) struct KeyLocks(Mutex<HashMap<(String, String), Weak<Turn>>>);

impl KeyLocks {
    /// Waits until nobody else writes this key.
    pub(super) async fn lock(&self, bucket: &str, key: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let place = turns.entry((bucket.to_owned(), key.to_owned())).or_default();
            place.upgrade().unwrap_or_else(|| {
                let turn = Arc::new(Turn::default());
                *place = Arc::downgrade(&turn);
                turn
            })
        };
        turn.lock_owned().await
    }
}
