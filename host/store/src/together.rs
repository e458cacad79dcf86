//! Answers what is asked at the same time in one way to the database: each way costs both sides about as much as a dozen of
//! the rows that it is for.
//!
//! Nobody waits for company. Who asks while nothing is under way is answered alone at once; those who ask meanwhile are
//! answered together in the next round. A round is a task of its own: it ends though whoever began it goes away.

use std::collections::VecDeque;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::{FutureExt as _, StreamExt as _, stream};
use lockgate_core::ports::StoreError;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::Failure;
use crate::store::PgStore;

/// The most that are answered in one round.
const MOST: usize = 128;

/// Whoever waited so long for a round is told that there is none: a database that does not answer holds up each round, and
/// nobody is to wait for all those before. As long as connections are waited for by default.
const PATIENCE: Duration = Duration::from_secs(5);

/// A round breaks off after so long: more than the wait for a connection and the longest statement. A peer that vanished
/// without a word must not hold up those who come later.
const LONGEST: Duration = Duration::from_secs(40);

/// So many are asked for themselves at a time, where one of them is to blame.
pub(crate) const APART: usize = 8;

/// What is asked (`Q`) and answered (`A`) together.
pub(crate) struct Together<Q, A> {
    waiting: Arc<Mutex<Waiting<Q, A>>>,
}

struct Waiting<Q, A> {
    asked: VecDeque<Asked<Q, A>>,
    /// Whether somebody answers those who wait.
    answering: bool,
    /// Whether a question is answered however long that takes, and though nobody waits for it any more.
    must: bool,
}

struct Asked<Q, A> {
    question: Q,
    tell: oneshot::Sender<A>,
    at: Instant,
}

impl<Q: Send + 'static, A: Send + 'static> Together<Q, A> {
    /// For what has happened and must be written: nothing is left out for having waited.
    pub(crate) fn of_facts() -> Self {
        Self::with(true)
    }

    /// Asks, and begins rounds if none is under way. A round answers all that it is asked, in their order. None if the
    /// round broke off, or none came in time: then nobody knows what became of the question.
    pub(crate) async fn ask<F>(&self, question: Q, round: impl Fn(Vec<Q>) -> F + Send + Sync + 'static) -> Option<A>
    where
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let begins = {
            let mut waiting = locked(&self.waiting);
            waiting.asked.push_back(Asked { question, tell, at: Instant::now() });
            !std::mem::replace(&mut waiting.answering, true)
        };
        if begins {
            tokio::spawn(answer(Arc::clone(&self.waiting), round));
        }
        told.await.ok()
    }
}

impl<Q, A> Together<Q, A> {
    fn with(must: bool) -> Self {
        Self { waiting: Arc::new(Mutex::new(Waiting { asked: VecDeque::new(), answering: false, must })) }
    }
}

/// Questions that are each about one row at most.
pub(crate) type Rows<Q, V> = Together<Q, Result<Option<V>, StoreError>>;

impl<Q: Clone + Send + Sync + 'static, V: Clone + Send + Sync + 'static> Rows<Q, V> {
    /// The row that the question is about, looked for or written with those of others, if there is one.
    pub(crate) async fn row<F>(
        &self,
        store: &PgStore,
        question: Q,
        look: fn(PgStore, Vec<Q>) -> F,
        is_about: fn(&Q, &V) -> bool,
    ) -> Result<Option<V>, StoreError>
    where
        F: Future<Output = Result<Vec<V>, Failure>> + Send + 'static,
    {
        let store = store.clone();
        let round = move |asked| {
            let store = store.clone();
            each(asked, move |asked| look(store.clone(), asked), is_about)
        };
        self.ask(question, round).await.unwrap_or_else(|| Err(broke_off()))
    }
}

/// What whoever asked is told when the round that was to answer broke off, or none came in time.
pub(crate) fn broke_off() -> StoreError {
    StoreError::Unavailable("what was asked beside others found no answer in time, or broke off".to_owned())
}

/// To each question the row that is about it, if there is one. Where one of them is to blame that there is no answer at all,
/// each is asked for itself.
async fn each<Q, V, F>(
    asked: Vec<Q>,
    look: impl Fn(Vec<Q>) -> F,
    is_about: fn(&Q, &V) -> bool,
) -> Vec<Result<Option<V>, StoreError>>
where
    Q: Clone,
    V: Clone,
    F: Future<Output = Result<Vec<V>, Failure>>,
{
    let find = |it: &Q, found: &[V]| found.iter().find(|row| is_about(it, row)).cloned();
    match look(asked.clone()).await {
        Ok(found) => asked.iter().map(|it| Ok(find(it, &found))).collect(),
        Err(failure) if failure.is_of_one() && asked.len() > 1 => {
            let alone = asked.into_iter().map(async |it| look(vec![it.clone()]).await.map(|found| find(&it, &found)));
            let answers = stream::iter(alone).buffered(APART).map(|it| it.map_err(StoreError::from));
            answers.collect().await
        }
        Err(failure) => {
            let error = StoreError::from(failure);
            asked.iter().map(|_| Err(error.clone())).collect()
        }
    }
}

/// Round after round until nobody waits.
async fn answer<Q, A, F: Future<Output = Vec<A>>>(waiting: Arc<Mutex<Waiting<Q, A>>>, round: impl Fn(Vec<Q>) -> F) {
    while let Some((questions, tell)) = next(&waiting) {
        // Of one that panics, or takes for ever, nobody is told anything; the next begins all the same.
        let round = AssertUnwindSafe(async { timeout(LONGEST, round(questions)).await }).catch_unwind();
        let answers = round.await.ok().and_then(Result::ok).unwrap_or_default();
        for (tell, answer) in tell.into_iter().zip(answers) {
            // Who waits no longer does not need to know.
            let _ = tell.send(answer);
        }
    }
}

/// Those who wait longest; not who waits for too long, nor for whom nobody waits any more.
fn next<Q, A>(waiting: &Mutex<Waiting<Q, A>>) -> Option<(Vec<Q>, Vec<oneshot::Sender<A>>)> {
    let mut waiting = locked(waiting);
    if !waiting.must {
        waiting.asked.retain(|it| it.at.elapsed() < PATIENCE && !it.tell.is_closed());
    }
    if waiting.asked.is_empty() {
        waiting.answering = false;
        return None;
    }
    let many = waiting.asked.len().min(MOST);
    Some(waiting.asked.drain(..many).map(|it| (it.question, it.tell)).unzip())
}

fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<Q, A> Clone for Together<Q, A> {
    /// The same one.
    fn clone(&self) -> Self {
        Self { waiting: Arc::clone(&self.waiting) }
    }
}

impl<Q, A> Default for Together<Q, A> {
    fn default() -> Self {
        Self::with(false)
    }
}

impl<Q, A> fmt::Debug for Together<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("waiting", &locked(&self.waiting).asked.len()).finish()
    }
}

#[cfg(test)]
mod tests;
