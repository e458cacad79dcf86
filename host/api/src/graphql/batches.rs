//! Drives a request's data loaders from the request's own task, so that batching is exact and nothing outlives it.
//!
//! async-graphql's loaders want a spawner and wait a moment for more keys. Spawned on other threads, how many
//! statements a page costs would depend on the scheduler. Here loads run only when execution itself can go no further:
//! by then every key that can be known is there.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

/// Collects what loaders want to run.
#[derive(Clone, Default)]
pub(super) struct Batches {
    waiting: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
}

impl Batches {
    /// The spawner to give to a loader.
    pub(super) fn spawner(&self) -> impl Fn(BoxFuture<'static, ()>) + Send + Sync + use<> {
        let waiting = Arc::clone(&self.waiting);
        move |load| waiting.lock().unwrap_or_else(PoisonError::into_inner).push(load)
    }

    /// Runs an execution to its end, and the loads that it asks for in between.
    pub(super) async fn drive<T>(&self, execution: impl Future<Output = T>) -> T {
        let mut execution = pin!(execution);
        let mut running = FuturesUnordered::new();
        poll_fn(|cx| {
            loop {
                if let Poll::Ready(answer) = execution.as_mut().poll(cx) {
                    return Poll::Ready(answer);
                }
                running.extend(self.waiting.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
                match running.poll_next_unpin(cx) {
                    // A load is done: whoever waited for it can go on.
                    Poll::Ready(Some(())) => {}
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }
}
