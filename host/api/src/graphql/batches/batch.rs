//! One batch: the keys that are wanted, who waits, and what was loaded for them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use lockgate_core::ports::StoreError;

pub(super) struct Batch<K, V>(Mutex<State<K, V>>);

struct State<K, V> {
    /// How often each key is wanted and was not taken yet.
    wanted: HashMap<K, usize>,
    waiting: Vec<Waker>,
    answer: Option<Result<HashMap<K, V>, StoreError>>,
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Self(Mutex::new(State { wanted: HashMap::new(), waiting: vec![], answer: None }))
    }
}

impl<K: Clone + Eq + Hash, V: Clone> Batch<K, V> {
    pub(super) fn want(&self, key: &K) {
        let mut state = self.lock();
        match state.wanted.get_mut(key) {
            Some(count) => *count += 1,
            None => {
                state.wanted.insert(key.clone(), 1);
            }
        }
    }

    /// What to load, each once.
    pub(super) fn keys(&self) -> Vec<K> {
        self.lock().wanted.keys().cloned().collect()
    }

    pub(super) fn answer(&self, answer: Result<HashMap<K, V>, StoreError>) {
        let mut state = self.lock();
        state.answer = Some(answer);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Waits until it was loaded.
    pub(super) async fn loaded(&self) -> Result<(), StoreError> {
        let mut place = None;
        poll_fn(|cx| {
            let mut state = self.lock();
            if let Some(answer) = &state.answer {
                return Poll::Ready(answer.as_ref().map(|_| ()).map_err(StoreError::clone));
            }
            match place.and_then(|it: usize| state.waiting.get_mut(it)) {
                Some(waker) => waker.clone_from(cx.waker()),
                None => {
                    place = Some(state.waiting.len());
                    state.waiting.push(cx.waker().clone());
                }
            }
            Poll::Pending
        })
        .await
    }

    /// What was loaded for a key; the last who wanted it gets it uncopied.
    pub(super) fn take(&self, key: &K) -> Option<V> {
        let mut state = self.lock();
        let State { wanted, answer: Some(Ok(found)), .. } = &mut *state else { return None };
        match wanted.get_mut(key) {
            Some(count) if *count > 1 => {
                *count -= 1;
                found.get(key).cloned()
            }
            _ => found.remove(key),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
