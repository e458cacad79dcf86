//! The ledger of rate limits on two nodes over one Postgres.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::digest::Digest;
use lockgate_core::ports::RateLedger;
use lockgate_core::rate::{RateLimit, RateLimits};
use lockgate_core::viewer::{Role, Viewer};
use lockgate_store::{PgStore, StoreConfig};
use lockgate_testkit::memory::VirtualClock;

use crate::world::{World, key};

const HOUR: Duration = Duration::from_secs(3600);

async fn second_node(world: &World) -> PgStore {
    PgStore::connect(&StoreConfig::new(world.url.clone(), key())).await.expect("another node")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_asked_at_once_admit_the_limit_and_no_request_more() {
    let world = World::new().await;
    let limit = RateLimit { requests: 400, window: HOUR };
    let clock = Arc::new(VirtualClock::default());
    let node = |store: PgStore| Arc::new(RateLimits::new(limit, Arc::new(store), clock.clone()));
    let nodes = [node(world.store.clone()), node(second_node(&world).await)];
    let asking = (0..1_200).map(|number| {
        let limits = Arc::clone(&nodes[number % 2]);
        tokio::spawn(async move {
            let viewer = Viewer { subject: "ann".to_owned(), role: Role::Operator };
            limits.admit(&viewer).await.is_ok()
        })
    });
    let answers = futures::future::join_all(asking.collect::<Vec<_>>()).await;
    let admitted = answers.into_iter().filter(|it| *it.as_ref().expect("no panic")).count();
    assert_eq!(admitted, 400, "both nodes used their shares up, so nothing was stranded");
    assert_eq!(world.number("select taken::bigint from rate_windows").await, 400);
}

#[tokio::test]
async fn what_a_node_leased_and_did_not_use_is_all_that_is_lost() {
    let world = World::new().await;
    let limit = RateLimit { requests: 400, window: HOUR };
    let clock = Arc::new(VirtualClock::default());
    let node = |store: PgStore| RateLimits::new(limit, Arc::new(store), clock.clone());
    let (first, second) = (node(world.store.clone()), node(second_node(&world).await));
    let viewer = Viewer { subject: "ann".to_owned(), role: Role::Operator };
    first.admit(&viewer).await.expect("the first request");
    let mut admitted = 1;
    while second.admit(&viewer).await.is_ok() {
        admitted += 1;
    }
    assert_eq!(admitted, 400 - (limit.share() - 1));
}

#[tokio::test]
async fn a_window_ends_by_the_databases_clock_and_begins_anew() {
    let world = World::new().await;
    let subject = Digest::of(b"ann");
    let lease = async |wanted| world.store.lease(subject, HOUR, 10, wanted).await.expect("an answer");
    let given = [lease(7).await, lease(7).await, lease(7).await].map(|it| (it.granted, it.taken));
    assert_eq!(given, [(7, 7), (3, 10), (0, 10)]);
    let left = lease(1).await.ends_in;
    assert!(left <= HOUR && left > HOUR / 2, "{left:?}");
    world.run("update rate_windows set ends_at = now() - interval '1 second'").await;
    let anew = lease(4).await;
    assert_eq!((anew.granted, anew.taken), (4, 4));
    assert!(anew.ends_in > HOUR / 2);
    // A limit that was lowered in between takes nothing back and grants nothing.
    let lowered = world.store.lease(subject, HOUR, 3, 1).await.expect("an answer");
    assert_eq!((lowered.granted, lowered.taken), (0, 4));
}

#[tokio::test]
async fn windows_that_are_long_over_are_forgotten() {
    let world = World::new().await;
    for name in ["ann", "bob"] {
        world.store.lease(Digest::of(name.as_bytes()), HOUR, 10, 1).await.expect("an answer");
    }
    world.run("update rate_windows set ends_at = now() - interval '2 hours'").await;
    world.store.lease(Digest::of(b"eve"), HOUR, 10, 1).await.expect("an answer");
    assert_eq!(world.number("select count(*) from rate_windows").await, 1);
}
