//! The outbox publishes what was committed, all of it, in order per key.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::command::{Command, Work};
use lockgate_core::hold::{Hold, HoldCause, OnRelease};
use lockgate_core::ports::{BusError, Relayed, StoreError, TransferBus, TransferStore};
use lockgate_core::state::{Stamp, TransferMove, transfer};

use crate::world::{World, now};

/// A bus that remembers, and fails when told.
#[derive(Debug, Default)]
struct RecordingBus {
    published: Mutex<Vec<Command>>,
    failing: AtomicBool,
}

#[async_trait]
impl TransferBus for RecordingBus {
    async fn publish(&self, commands: &[Command]) -> Result<(), BusError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(BusError("no broker answers".into()));
        }
        tokio::task::yield_now().await;
        self.published.lock().expect("no panic").extend_from_slice(commands);
        Ok(())
    }
}

/// Holds and releases a received transfer, which rings for it again.
async fn ring_again(world: &World, it: lockgate_core::transfer::Transfer) {
    let hold = Hold {
        cause: HoldCause::Poison,
        by: lockgate_core::policy::Owner::House,
        object: None,
        explanation: "three hosts died".into(),
        on_release: OnRelease::JudgeAgain,
        expires_at: now() + Duration::from_secs(60),
    };
    let stamp = Stamp::of_host(world.host, now());
    let held = transfer::apply(&it, TransferMove::Poison(hold), &stamp).expect("a legal move");
    world.store.commit(&held).await.expect("a held transfer");
    let it = world.transfer(it.id).await;
    let stamp = Stamp::of_person("test", now(), None);
    let release = TransferMove::Release { reason: "again".into() };
    let released = transfer::apply(&it, release, &stamp).expect("a legal move");
    world.store.commit(&released).await.expect("a released transfer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_committed_is_published_once_and_in_order_per_key_while_many_write_and_relay() {
    const WRITERS: usize = 6;
    const TRANSFERS: usize = 4;
    const ROUNDS: usize = 3;
    let world: &'static World = Box::leak(Box::new(World::new().await));
    let bus: &'static RecordingBus = Box::leak(Box::default());
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let done: &'static AtomicBool = Box::leak(Box::default());

    let mut relays = vec![];
    for limit in [1, 3, 100] {
        relays.push(tokio::spawn(async move {
            loop {
                let finished = done.load(Ordering::SeqCst);
                if world.store.relay(limit, bus).await.expect("a relay") == Relayed::default() && finished {
                    break;
                }
            }
        }));
    }
    let mut writers = vec![];
    for _ in 0..WRITERS {
        writers.push(tokio::spawn(async move {
            for _ in 0..TRANSFERS {
                let id = world.received(alice, &[bob]).await.id;
                for _ in 0..ROUNDS {
                    ring_again(world, world.transfer(id).await).await;
                }
            }
        }));
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    done.store(true, Ordering::SeqCst);
    for relay in relays {
        relay.await.expect("no panic");
    }
    // A relay that met only lanes that others held may have ended early.
    while world.store.relay(100, bus).await.expect("a relay") != Relayed::default() {}

    let published = bus.published.lock().expect("no panic").clone();
    assert_eq!(published.len(), WRITERS * TRANSFERS * (ROUNDS + 1));
    let mut versions: HashMap<Work, Vec<i64>> = HashMap::new();
    for command in &published {
        versions.entry(command.work).or_default().push(command.version);
    }
    for (work, versions) in versions {
        assert_eq!(versions, [1, 3, 5, 7], "{work} was rung for out of order");
    }
    assert_eq!(world.store.outbox_backlog().await.expect("a count").0, 0);
}

#[tokio::test]
async fn what_the_bus_does_not_take_stays_and_goes_out_later() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let transfer = world.received(alice, &[bob]).await;
    let bus = RecordingBus::default();
    bus.failing.store(true, Ordering::SeqCst);
    let failed = world.store.relay(10, &bus).await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    bus.failing.store(false, Ordering::SeqCst);
    assert_eq!(world.store.relay(10, &bus).await.expect("a relay"), Relayed { commands: 1, more: false });
    let published = bus.published.lock().expect("no panic").clone();
    assert_eq!(published[0].work, Work::Transfer(transfer.id));
    assert_eq!((published[0].version, &published[0].trace), (transfer.version, &transfer.trace));
    assert_eq!(world.store.relay(10, &bus).await.expect("a relay"), Relayed::default());
}
