//! Passages: moved under the claim that holds, never under one that was lost, and cleared once nobody needs them.

use std::time::Duration;

use lockgate_core::claim::{Aggregate, Claim};
use lockgate_core::command::Work;
use lockgate_core::delivery::{Answer, Cause, Delivery};
use lockgate_core::destination::Destination;
use lockgate_core::id::PassageId;
use lockgate_core::passage::{Part, Passage, Place, Reached};
use lockgate_core::ports::{Blame, PassageError, PassageStore, TransferStore};

use crate::world::{World, now};

const PAUSE: Duration = Duration::from_secs(60);

struct Scene {
    world: World,
    inbox: Destination,
    delivery: Delivery,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", false).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    let delivery = world.released(&share, &[&inbox]).await.remove(0);
    Scene { world, inbox, delivery }
}

impl Scene {
    async fn claim(&self) -> Claim {
        self.world.claim(Work::Delivery(self.delivery.id)).await
    }

    /// A new passage of the delivery, whose upload has that name.
    fn passage(&self, upload: &str) -> Passage {
        Passage {
            id: PassageId::generate(now()),
            delivery: self.delivery.id,
            generation: 1,
            receiver: self.inbox.partner,
            endpoint: self.inbox.endpoint.clone(),
            digest: lockgate_core::digest::Digest::of(b"bytes"),
            size: 30,
            place: Place::Multipart { key: "in/1".to_owned(), upload: upload.to_owned(), part_size: 10 },
            reached: Reached::default(),
        }
    }

    async fn found(&self) -> Option<Passage> {
        self.world.store.passage(self.delivery.id).await.expect("an answer")
    }

    async fn unneeded(&self) -> Vec<(PassageId, u32)> {
        let taken = self.world.store.unneeded_passages(10, PAUSE).await.expect("an answer");
        taken.into_iter().map(|it| (it.passage.id, it.tries)).collect()
    }
}

fn claimed(claim: &Claim) -> &Delivery {
    match &claim.aggregate {
        Aggregate::Delivery(it) => it,
        other => panic!("not a delivery: {other:?}"),
    }
}

fn step(offset: u64, numbers: &[i32]) -> Reached {
    let part = |number: &i32| Part { number: *number, tag: format!("\"{number}\"") };
    Reached { offset, midstate: vec![7; 104], parts: numbers.iter().map(part).collect() }
}

#[tokio::test]
async fn a_passage_is_found_as_far_as_it_came_by_whoever_claims_next() {
    let scene = scene().await;
    let store = &scene.world.store;
    let first = scene.claim().await;
    let passage = scene.passage("one");
    store.begin_passage(claimed(&first), &passage).await.expect("a passage");
    assert_eq!(scene.found().await.as_ref(), Some(&passage));
    store.advance_passage(claimed(&first), passage.id, &step(10, &[1])).await.expect("a step");
    store.advance_passage(claimed(&first), passage.id, &step(30, &[2, 3])).await.expect("a step");

    store.relinquish(&first, Duration::ZERO, Blame::Nobody).await.expect("given back");
    let second = scene.claim().await;
    let found = scene.found().await.expect("it is kept");
    assert_eq!(found.reached, step(30, &[1, 2, 3]));
    // Parts without bytes of their own (tus has none) move it as well.
    store.advance_passage(claimed(&second), passage.id, &step(30, &[])).await.expect("a step");
    assert!(scene.unneeded().await.is_empty(), "it is needed");
}

#[tokio::test]
async fn who_lost_the_claim_begins_nothing_moves_nothing_and_gives_nothing_up() {
    let scene = scene().await;
    let store = &scene.world.store;
    let lost = scene.claim().await;
    let passage = scene.passage("one");
    store.begin_passage(claimed(&lost), &passage).await.expect("a passage");
    store.relinquish(&lost, Duration::ZERO, Blame::Nobody).await.expect("given back");
    let _held = scene.claim().await;
    let stale = |moved| assert!(matches!(moved, Err(PassageError::Stale(id)) if id == scene.delivery.id), "{moved:?}");
    stale(store.begin_passage(claimed(&lost), &scene.passage("two")).await);
    stale(store.advance_passage(claimed(&lost), passage.id, &step(10, &[1])).await);
    stale(store.give_up_passage(claimed(&lost), passage.id).await);
    assert_eq!(scene.found().await, Some(passage));
}

#[tokio::test]
async fn a_new_passage_takes_the_place_of_the_one_before_which_one_host_then_clears() {
    let scene = scene().await;
    let store = &scene.world.store;
    let claim = scene.claim().await;
    let (first, second) = (scene.passage("one"), scene.passage("two"));
    for passage in [&first, &second] {
        store.begin_passage(claimed(&claim), passage).await.expect("a passage");
    }
    assert_eq!(scene.found().await.map(|it| it.id), Some(second.id));
    assert_eq!(scene.unneeded().await, [(first.id, 1)]);
    assert!(scene.unneeded().await.is_empty(), "nobody else takes it meanwhile");
    store.give_up_passage(claimed(&claim), second.id).await.expect("given up");
    assert_eq!(scene.unneeded().await, [(second.id, 1)]);
    for id in [first.id, second.id] {
        store.forget_passage(id).await.expect("forgotten");
    }
    assert_eq!(scene.found().await, None);
}

#[tokio::test]
async fn what_a_dead_letter_left_is_cleared_and_not_gone_on_with() {
    let scene = scene().await;
    let store = &scene.world.store;
    let claim = scene.claim().await;
    let passage = scene.passage("one");
    store.begin_passage(claimed(&claim), &passage).await.expect("a passage");
    store.advance_passage(claimed(&claim), passage.id, &step(10, &[1])).await.expect("a step");
    let refused = Answer::refused(Cause::Refused, "it does not want it");
    store.commit(&scene.world.attempting(&claim, refused)).await.expect("a dead letter");
    let taken = store.unneeded_passages(10, PAUSE).await.expect("an answer");
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].passage, Passage { reached: step(10, &[1]), ..passage.clone() }, "all that clearing needs");
    assert_eq!(scene.found().await, None);
    store.forget_passage(passage.id).await.expect("forgotten");
    assert!(scene.unneeded().await.is_empty());
}
