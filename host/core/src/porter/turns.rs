//! Turns: a URL's passphrases are looked at one by one, so that nobody keeps a host busy with guesses at one URL.

use std::sync::Arc;

use futures::lock::{Mutex, MutexGuard};

use crate::id::SecureUrlId;

/// URLs share places: what waits for a stranger's turn waits for one hash more.
const PLACES: usize = 64;

/// The turns of all URLs on one host.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<[Mutex<()>]>);

impl Default for Turns {
    fn default() -> Self {
        Self((0..PLACES).map(|_| Mutex::default()).collect())
    }
}

impl Turns {
    /// Waits for this URL's turn, which lasts as long as what is given.
    pub(super) async fn of(&self, url: SecureUrlId) -> MutexGuard<'_, ()> {
        // The last bits of an id are random.
        let [.., last] = *url.uuid().as_bytes();
        self.0[usize::from(last) % PLACES].lock().await
    }
}
