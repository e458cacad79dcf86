//! Drives a request's data loaders from the request's own task, so that batching is exact and nothing outlives it.
//!
//! async-graphql's loaders want a spawner and wait a moment for more keys. Spawned on other threads, how many
//! statements a page costs would depend on the scheduler. Here loads run only when execution itself can go no further:
//! by then every key that can be known is there.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::task::AtomicWaker;

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
