//! Connections: what comes in has its own, however much work there is; and none is given back in the middle of a
//! transaction, whoever goes away.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use lockgate_core::id::PartnerId;
use lockgate_core::nudge::Nudge;
use lockgate_core::partner::Partner;
use lockgate_core::ports::{BusError, NudgeBus, NudgeStore, Registry, StoreError, TransferStore};
use lockgate_store::{PgStore, StoreConfig};
use tokio::sync::Notify;

use crate::world::{World, key, now};

/// Holds the connection of whoever brings nudges.
#[derive(Debug, Default)]
struct Holding {
    holds: Notify,
}

#[async_trait]
impl NudgeBus for Holding {
    async fn nudge(&self, _: &[Nudge]) -> Result<(), BusError> {
        self.holds.notify_one();
        std::future::pending().await
    }
}

#[tokio::test]
async fn what_comes_in_does_not_wait_for_work_that_holds_every_connection() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.accepted(alice, &[bob]).await;
    let config = StoreConfig {
        worker_connections: 1,
        acquire_timeout: Duration::from_secs(3),
        ..StoreConfig::new(world.url.clone(), key())
    };
    let work = PgStore::connect(&config).await.expect("a store");
    let intake = work.for_intake();
    let bus = Holding::default();
    tokio::select! {
        relayed = work.relay_nudges(100, &bus) => panic!("the bus takes nothing: {relayed:?}"),
        () = async {
            bus.holds.notified().await;
            let starved = work.partner(alice).await.expect_err("its only connection is held");
            assert!(matches!(starved, StoreError::Unavailable(_)), "{starved:?}");
            assert!(intake.partner(alice).await.expect("it has its own").is_some());
        } => {}
    }
}

#[tokio::test]
async fn all_connections_are_open_before_anybody_needs_one() {
    let world = World::new().await;
    let config = StoreConfig {
        worker_connections: 3,
        intake_connections: 2,
        api_connections: 4,
        ..StoreConfig::new(world.url.clone(), key())
    };
    let sessions = "select count(*) from pg_stat_activity
                    where datname = current_database() and application_name like 'lockgate_%'";
    let others = world.number(sessions).await;
    let store = PgStore::connect(&config).await.expect("a store");
    store.open_connections().await.expect("Postgres has enough");
    assert_eq!(
        world.number(sessions).await - others,
        3 + 2 + 4 + 1,
        "work, intake, reading, and one to say that it lives"
    );
}

#[tokio::test]
async fn whoever_goes_away_while_a_transaction_begins_leaves_none_behind() {
    let world = World::new().await;
    let alice = world.partner("alice").await;
    let config = StoreConfig { worker_connections: 1, ..StoreConfig::new(world.url.clone(), key()) };
    let store = PgStore::connect(&config).await.expect("a store");
    let bus = Holding::default();
    for polls in 1..=6 {
        // The way to a begun transaction is cut after so many steps.
        let mut relay = store.relay_nudges(1, &bus);
        let mut left = polls;
        poll_fn(|cx| {
            left -= 1;
            match relay.as_mut().poll(cx) {
                Poll::Pending if left > 0 => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
        drop(relay);
        // On the same connection: within a transaction that was left open, this would be undone with it.
        let other = PgStore::connect(&StoreConfig::new(world.url.clone(), key())).await.expect("another store");
        let slug = format!("partner-{polls}");
        let partner = Partner {
            id: PartnerId::generate(now()),
            slug: slug.clone(),
            ..store.partner(alice).await.expect("an answer").expect("there is alice")
        };
        store.add_partner(&partner).await.expect("a partner");
        assert!(other.partner_by_slug(&slug).await.expect("an answer").is_some(), "cut after {polls} steps");
    }
}
