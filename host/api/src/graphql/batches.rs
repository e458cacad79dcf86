//! Loads what a request's fields ask for in batches, from the request's own task: batching is exact and nothing outlives
//! it.
//!
//! Loads run only when execution itself can go no further: by then every key that can be known is there. Spawned, or begun
//! after a moment, how many statements a page costs would depend on the scheduler.

mod batch;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::task::AtomicWaker;
use lockgate_core::ports::StoreError;
use tracing::Span;

use batch::Batch;

/// Loads what belongs to many keys by one statement.
pub(super) trait Load<K>: Send + Sync + 'static {
    type Value: Clone + Send + 'static;

    /// What there is, by its key; what is not there is left out.
    fn load(&self, keys: &[K]) -> impl Future<Output = Result<HashMap<K, Self::Value>, StoreError>> + Send;
}

/// Something to load by.
pub(super) trait Key: Clone + Eq + Hash + Send + 'static {}

impl<K: Clone + Eq + Hash + Send + 'static> Key for K {}

/// A loader, and what was asked of it and has not begun.
pub(super) struct Batches<L> {
    loader: Arc<L>,
    gathering: Arc<Mutex<Gathering>>,
}

#[derive(Default)]
struct Gathering {
    /// The batch of each type of key.
    batches: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// What will load them.
    loads: Vec<BoxFuture<'static, ()>>,
}

impl<L> Batches<L> {
    pub(super) fn new(loader: L) -> Self {
        Self { loader: Arc::new(loader), gathering: Arc::default() }
    }

    /// One thing by key.
    pub(super) async fn one<K: Key>(&self, key: K) -> Result<Option<L::Value>, StoreError>
    where
        L: Load<K>,
    {
        let batch = self.batch::<K>();
        batch.want(&key);
        batch.loaded().await?;
        Ok(batch.take(&key))
    }

    /// Some things by key, in the order of the keys; what is not there is left out.
    pub(super) async fn some<K: Key>(&self, keys: &[K]) -> Result<Vec<L::Value>, StoreError>
    where
        L: Load<K>,
    {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let batch = self.batch::<K>();
        keys.iter().for_each(|key| batch.want(key));
        batch.loaded().await?;
        Ok(keys.iter().filter_map(|key| batch.take(key)).collect())
    }

    /// The batch that still takes keys of the type.
    fn batch<K: Key>(&self) -> Arc<Batch<K, L::Value>>
    where
        L: Load<K>,
    {
        let mut gathering = lock(&self.gathering);
        let known = gathering.batches.get(&TypeId::of::<K>()).cloned();
        if let Some(batch) = known.and_then(|it| it.downcast().ok()) {
            return batch;
        }
        let batch = Arc::new(Batch::default());
        gathering.batches.insert(TypeId::of::<K>(), Arc::clone(&batch) as Arc<dyn Any + Send + Sync>);
        // Loads that nobody runs in the end must not hold what holds them.
        let (loader, ending) = (Arc::clone(&self.loader), Arc::downgrade(&self.gathering));
        let loaded = Arc::clone(&batch);
        gathering.loads.push(Box::pin(async move {
            if let Some(gathering) = ending.upgrade() {
                lock(&gathering).batches.remove(&TypeId::of::<K>());
            }
            let keys = loaded.keys();
            loaded.answer(loader.load(&keys).await);
        }));
        batch
    }

    /// Runs an execution to its end, and the loads that it asks for in between.
    ///
    /// Execution yields now and then though it could go on; it says so by waking itself. Only when it does not is
    /// every key there.
    pub(super) async fn drive<T>(&self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut running = FuturesUnordered::new();
        let woken = Arc::new(Woken { execution: AtomicBool::new(true), request: AtomicWaker::new() });
        let waker = Waker::from(Arc::clone(&woken));
        poll_fn(|cx| {
            woken.request.register(cx.waker());
            loop {
                while woken.execution.swap(false, Ordering::AcqRel) {
                    if let Poll::Ready(answer) = execution.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return Poll::Ready(answer);
                    }
                }
                running.extend(lock(&self.gathering).loads.drain(..));
                match aside(|| running.poll_next_unpin(cx)) {
                    // A load is done: whoever waited for it can go on.
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }
}

/// Does something outside of the span that is entered, and enters it again: the database's client enters and leaves the
/// span that it is called in for every row that it reads.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    let span = Span::current();
    span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
    let done = work();
    span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
    done
}

fn lock(gathering: &Mutex<Gathering>) -> MutexGuard<'_, Gathering> {
    gathering.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells the execution's own wakes from those of the loads.
struct Woken {
    execution: AtomicBool,
    request: AtomicWaker,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.execution.store(true, Ordering::Release);
        self.request.wake();
    }
}

#[cfg(test)]
mod tests;
