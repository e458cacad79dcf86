//! Turns: a URL's passphrases are looked at one by one, so that nobody keeps a host busy with guesses at one URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::lock::{Mutex as Turn, OwnedMutexGuard};

use crate::id::SecureUrlId;

/// The turns of all URLs on one host: of each that somebody tries or waits to try.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<SecureUrlId, Weak<Turn<()>>>>>);

impl Turns {
    /// Waits for this URL's turn, which lasts as long as what is given.
    pub(super) async fn of(&self, url: SecureUrlId) -> OwnedMutexGuard<()> {
        self.find(url).lock_owned().await
    }

    fn find(&self, url: SecureUrlId) -> Arc<Turn<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&url).and_then(Weak::upgrade) {
            return turn;
        }
        // Few are tried at a time.
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(url, Arc::downgrade(&turn));
        turn
    }
}
