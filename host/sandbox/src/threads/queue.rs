//! A fair queue: whoever has used the threads least goes first, so that a partner's flood delays only that partner.

use std::collections::{HashMap, VecDeque};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lockgate_core::policy::Owner;

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// Which jobs a thread takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Everybody's.
    Any,
    /// Only of owners of whom nothing runs.
    IdleOwners,
}

/// The queue is full for this owner or for all.
#[derive(Debug)]
pub(super) struct Full;

/// What a turn costs before it is known what it really cost.
const TURN: Duration = Duration::from_millis(1);

/// How often a thread looks for its next job before it rests, about 20 us in all. A session's next batch comes within that
/// time, and is then worked on where its instance is still in the caches, by a thread that nobody has to wake.
const LOOKS: u32 = 512;

pub(super) struct Queue {
    per_owner: usize,
    in_all: usize,
    state: Mutex<State>,
    /// That something may have been pushed, for the thread that looks without the lock.
    pushed: AtomicBool,
    // Each role waits apart, so that a job wakes one thread that may take it and not all there are.
    any: Condvar,
    reserve: Condvar,
}

#[derive(Default)]
struct State {
    owners: HashMap<Owner, Line>,
    waiting: usize,
    /// Threads of the role `Any` that wait for a job.
    resting: usize,
    /// Whether a thread looks for its next job, and is not to be passed over for one that rests.
    looking: bool,
    // The used time of whoever was served last: who comes anew starts here and cannot claim the past.
    floor: Duration,
    closed: bool,
}

#[derive(Default)]
struct Line {
    jobs: VecDeque<Job>,
    running: usize,
    used: Duration,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl Queue {
    pub(super) fn new(per_owner: usize, in_all: usize) -> Self {
        Self {
            per_owner,
            in_all,
            state: Mutex::default(),
            pushed: AtomicBool::new(false),
            any: Condvar::new(),
            reserve: Condvar::new(),
        }
    }

    pub(super) fn push(&self, owner: Owner, job: Job) -> Result<(), Full> {
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.closed || state.waiting >= self.in_all {
            return Err(Full);
        }
        let floor = state.floor;
        let line = state.owners.entry(owner).or_insert_with(|| Line { used: floor, ..Line::default() });
        if line.jobs.len() >= self.per_owner {
            return Err(Full);
        }
        line.jobs.push_back(job);
        let idle_owner = line.running == 0;
        state.waiting += 1;
        let (looks, rests) = (state.looking && state.waiting == 1, state.resting > 0);
        drop(guard);
        if looks {
            self.pushed.store(true, Ordering::Release);
        } else if rests {
            self.any.notify_one();
        } else if idle_owner {
            self.reserve.notify_one();
        }
        Ok(())
    }

    /// The next job in turn; waits for one. `None` once the queue is closed and empty.
    pub(super) fn pop(&self, role: Role) -> Option<(Owner, Job)> {
        let (mut guard, mut looked) = (self.lock(), false);
        loop {
            if let Some(taken) = guard.take(role) {
                let (more, rests) = (guard.waiting > 0, guard.resting > 0);
                drop(guard);
                // Whoever takes a job and leaves others sees to it that they are looked at: by this, one notification
                // a job is enough, and `done` needs none, because the thread that calls it takes its next job at once.
                if more {
                    if rests {
                        self.any.notify_one();
                    }
                    self.reserve.notify_one();
                }
                return Some(taken);
            }
            if guard.closed {
                return None;
            }
            if role == Role::Any && !looked && !guard.looking {
                looked = true;
                guard = self.look(guard);
                continue;
            }
            guard = match role {
                Role::Any => {
                    looked = false;
                    guard.resting += 1;
                    let mut woken = self.any.wait(guard).unwrap_or_else(PoisonError::into_inner);
                    woken.resting -= 1;
                    woken
                }
                Role::IdleOwners => self.reserve.wait(guard).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Waits awake for a moment. Whoever pushes meanwhile wakes nobody else for it; the look under the lock that follows
    /// sees whatever was pushed up to the end.
    fn look<'q>(&'q self, mut guard: MutexGuard<'q, State>) -> MutexGuard<'q, State> {
        guard.looking = true;
        self.pushed.store(false, Ordering::Relaxed);
        drop(guard);
        for _ in 0..LOOKS {
            if self.pushed.load(Ordering::Acquire) {
                break;
            }
            spin_loop();
        }
        let mut guard = self.lock();
        guard.looking = false;
        guard
    }

    /// Settles what the owner's turn has cost.
    pub(super) fn done(&self, owner: Owner, took: Duration) {
        let mut state = self.lock();
        let Some(line) = state.owners.get_mut(&owner) else { return };
        line.running -= 1;
        line.used += took.saturating_sub(TURN);
        if line.running == 0 && line.jobs.is_empty() {
            state.owners.remove(&owner);
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.any.notify_all();
        self.reserve.notify_all();
    }

    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn take(&mut self, role: Role) -> Option<(Owner, Job)> {
        let may = |line: &Line| !line.jobs.is_empty() && (role == Role::Any || line.running == 0);
        let (owner, line) = self.owners.iter_mut().filter(|(_, line)| may(line)).min_by_key(|(_, line)| line.used)?;
        let job = line.jobs.pop_front()?;
        self.floor = self.floor.max(line.used);
        line.used += TURN;
        line.running += 1;
        self.waiting -= 1;
        Some((*owner, job))
    }
}

#[cfg(test)]
mod tests;
