//! Whose turn it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
use lockgate_core::time::Timestamp;

use super::{Queue, Role};

fn partner() -> Owner {
    Owner::Partner(PartnerId::generate(Timestamp::UNIX_EPOCH))
}

fn nothing() -> super::Job {
    Box::new(|| {})
}

fn serve(queue: &Queue, took: Duration) -> Option<Owner> {
    let (owner, job) = queue.pop(Role::Any)?;
    job();
    queue.done(owner, took);
    Some(owner)
}

#[test]
fn a_newcomer_waits_for_one_turn_of_a_flooding_owner_and_not_for_its_queue() {
    let (flood, newcomer) = (partner(), partner());
    let queue = Queue::new(100, 1_000);
    for _ in 0..50 {
        assert!(queue.push(flood, nothing()).is_ok());
    }
    assert_eq!(serve(&queue, Duration::from_millis(200)), Some(flood));
    assert!(queue.push(newcomer, nothing()).is_ok());
    assert_eq!(serve(&queue, Duration::from_millis(1)), Some(newcomer));
}

#[test]
fn turns_are_shared_by_the_time_used_and_not_by_their_number() {
    let (long, short) = (partner(), partner());
    let queue = Queue::new(1_000, 2_000);
    for _ in 0..200 {
        assert!(queue.push(long, nothing()).is_ok() && queue.push(short, nothing()).is_ok());
    }
    let mut turns = (0, 0);
    for _ in 0..110 {
        match serve(&queue, Duration::ZERO) {
            Some(owner) if owner == long => {
                turns.0 += 1;
                // What a long turn took beyond its share is charged as well.
                queue.state.lock().expect("nobody panics here").owners.get_mut(&long).expect("it waits").used +=
                    Duration::from_millis(9);
            }
            _ => turns.1 += 1,
        }
    }
    assert!((9..=11).contains(&turns.0), "{turns:?}");
}

#[test]
fn a_full_line_refuses_its_owner_and_nobody_else() {
    let (full, other) = (partner(), partner());
    let queue = Queue::new(2, 100);
    assert!(queue.push(full, nothing()).is_ok() && queue.push(full, nothing()).is_ok());
    assert!(queue.push(full, nothing()).is_err());
    assert!(queue.push(other, nothing()).is_ok());
}

#[test]
fn a_reserve_thread_serves_only_owners_of_whom_nothing_runs() {
    let (busy, idle) = (partner(), partner());
    let queue = Arc::new(Queue::new(10, 100));
    let ran = Arc::new(AtomicU32::new(0));
    let count = |by: u32| {
        let ran = Arc::clone(&ran);
        Box::new(move || {
            ran.fetch_add(by, Ordering::SeqCst);
        })
    };
    assert!(queue.push(busy, count(1)).is_ok() && queue.push(busy, count(10)).is_ok());
    let (owner, running) = queue.pop(Role::Any).expect("a job waits");
    assert!(queue.push(idle, count(100)).is_ok());
    let (taken, job) = queue.pop(Role::IdleOwners).expect("a job waits");
    assert_eq!((owner, taken), (busy, idle));
    job();
    running();
    assert_eq!(ran.load(Ordering::SeqCst), 101);
}

#[test]
fn a_closed_queue_is_emptied_and_takes_nothing_more() {
    let queue = Queue::new(10, 100);
    assert!(queue.push(partner(), nothing()).is_ok());
    queue.close();
    assert!(queue.push(partner(), nothing()).is_err());
    assert!(queue.pop(Role::Any).is_some());
    assert!(queue.pop(Role::Any).is_none());
}
