//! Redrives in Postgres: an item, its lane's place and its counts move together; dead hosts' lanes are taken over; whoever
//! cancels is not outrun.

use std::sync::Arc;
use std::time::Duration;

use lockgate_core::delivery::{Answer, Cause, DeliveryState};
use lockgate_core::destination::Destination;
use lockgate_core::id::{DeliveryId, PartnerId, RedriveId};
use lockgate_core::ports::{AdvanceError, RedriveStore, TransferStore};
use lockgate_core::redrive::{
    Judging, Place, Progress, Redrive, RedriveFilter, RedriveKind, RedriveMove, RedriveState,
};
use lockgate_core::redriver::{NewRedrive, Redriver};
use lockgate_core::state::{DeliveryMove, Stamp, delivery};
use lockgate_core::time::{Clock, Timestamp};
use lockgate_core::viewer::{Role, Viewer};

use crate::world::{World, now};

#[derive(Debug)]
struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

struct Dead {
    world: World,
    bob: PartnerId,
    inbox: Destination,
    dead: Vec<DeliveryId>,
}

/// A destination with so many dead letters.
async fn dead(count: usize, ordered: bool) -> Dead {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", ordered).await;
    let mut dead = vec![];
    for _ in 0..count {
        let share = world.accepted(alice, &[bob]).await.remove(0);
        let id = world.released(&share, &[&inbox]).await[0].id;
        let claim = world.claim(lockgate_core::command::Work::Delivery(id)).await;
        let change = world.attempting(&claim, Answer::refused(Cause::Refused, "no"));
        world.store.commit(&change).await.expect("a dead letter");
        dead.push(id);
    }
    Dead { world, bob, inbox, dead }
}

impl Dead {
    fn redriver(&self) -> Redriver {
        Redriver::new(Arc::new(self.world.store.clone()), Arc::new(RealClock))
    }

    async fn start(&self, per_second: u32) -> Redrive {
        let new = NewRedrive {
            kind: RedriveKind::DeadLetters,
            filter: RedriveFilter::default(),
            judging: Judging::Released,
            per_second: Some(per_second),
            reason: "it was repaired".into(),
        };
        self.redriver().start(&user(self.bob), new).await.expect("a redrive")
    }

    async fn found(&self, id: RedriveId) -> Redrive {
        self.world.store.find_redrive(id).await.expect("an answer").expect("a redrive")
    }

    fn change(&self, it: &lockgate_core::delivery::Delivery, by: RedriveId) -> lockgate_core::change::Change {
        let wanted = DeliveryMove::Redrive { reason: "it was repaired".into(), redrive: Some(by), judged_again: false };
        delivery::apply(it, wanted, &Stamp::of_person("bob", now(), None)).expect("a dead letter")
    }
}

fn user(partner: PartnerId) -> Viewer {
    Viewer { subject: "bob".into(), role: Role::Partner(partner) }
}

#[tokio::test]
async fn sends_the_lowest_position_first_and_counts_what_it_sent() {
    let scene = dead(4, true).await;
    let started = scene.start(100).await;
    assert_eq!(started.progress, Progress { total: 4, moved: 0, skipped: 0 });
    let lane = scene.world.store.claim_lane(scene.world.host).await.expect("an answer").expect("a lane");
    let items = scene.world.store.items(&lane, 10).await.expect("items");
    assert_eq!(items.iter().map(|it| it.id).collect::<Vec<_>>(), scene.dead, "the order of the line");
    assert!(scene.redriver().work(scene.world.host, &scene.world.store).await.expect("an answer"));
    let ended = scene.found(started.id).await;
    assert_eq!((ended.state, ended.progress.moved), (RedriveState::Finished, 4));
    for id in &scene.dead {
        let it = scene.world.delivery(*id).await;
        assert_eq!((it.state, it.redrive), (DeliveryState::Scheduled, Some(started.id)));
    }
}

#[tokio::test]
async fn a_lane_of_a_dead_host_goes_on_at_its_place_and_the_dead_host_moves_nothing_more() {
    let scene = dead(3, false).await;
    let started = scene.start(100).await;
    let (world, store) = (&scene.world, &scene.world.store);
    let dying = world.host(Duration::from_secs(3600)).await;
    let lane = store.claim_lane(dying).await.expect("an answer").expect("a lane");
    assert!(store.claim_lane(world.host).await.expect("an answer").is_none(), "a living host has it");
    let items = store.items(&lane, 10).await.expect("items");
    let place = |at: usize| Place { position: 0, delivery: items[at].id };
    store.advance(&lane, place(0), Some(&scene.change(&items[0], started.id))).await.expect("the first moves");
    store.heartbeat(dying, Duration::ZERO).await.expect("it dies");
    assert!(scene.redriver().work(world.host, store).await.expect("an answer"), "another takes it over");
    let zombie = store.advance(&lane, place(1), Some(&scene.change(&items[1], started.id))).await;
    assert!(matches!(zombie, Err(AdvanceError::Lost)), "{zombie:?}");
    let ended = scene.found(started.id).await;
    assert_eq!((ended.state, ended.progress), (RedriveState::Finished, Progress { total: 3, moved: 3, skipped: 0 }));
    let redriven = "select count(*) from provenance where kind = 'redriven'";
    assert_eq!(world.number(redriven).await, 3, "each was moved once");
    let actor = "select count(*) from provenance where kind = 'redriven' and actor ->> 'id' = 'bob'";
    assert_eq!(world.number(actor).await, 3, "in the name of who started it");
}

#[tokio::test]
async fn nothing_moves_once_cancelling_answered_and_another_redrive_sends_the_rest() {
    let scene = dead(3, false).await;
    let started = scene.start(100).await;
    let (world, store) = (&scene.world, &scene.world.store);
    let lane = store.claim_lane(world.host).await.expect("an answer").expect("a lane");
    let items = store.items(&lane, 10).await.expect("items");
    let place = |at: usize| Place { position: 0, delivery: items[at].id };
    store.advance(&lane, place(0), Some(&scene.change(&items[0], started.id))).await.expect("the first moves");
    let cancelled = scene.redriver().decide(&user(scene.bob), started.id, RedriveMove::Cancel).await.expect("it runs");
    assert_eq!(cancelled.state, RedriveState::Cancelled);
    let late = store.advance(&lane, place(1), Some(&scene.change(&items[1], started.id))).await;
    assert!(matches!(late, Err(AdvanceError::Lost)), "{late:?}");
    let again = scene.start(100).await;
    assert_eq!(again.progress.total, 2, "what was sent is no dead letter any more");
    while scene.redriver().work(world.host, store).await.expect("an answer") {}
    assert_eq!(scene.found(again.id).await.progress.moved, 2);
    assert_eq!(world.number("select count(*) from deliveries where state = 'dead-lettered'").await, 0);
}

#[tokio::test]
async fn a_delivery_that_a_person_sent_in_between_is_left_alone() {
    let scene = dead(2, false).await;
    let started = scene.start(100).await;
    let (world, store) = (&scene.world, &scene.world.store);
    let lane = store.claim_lane(world.host).await.expect("an answer").expect("a lane");
    let items = store.items(&lane, 10).await.expect("items");
    let by_hand = DeliveryMove::Redrive { reason: "at once".into(), redrive: None, judged_again: false };
    let by_hand = delivery::apply(&items[1], by_hand, &Stamp::of_person("bob", now(), None)).expect("a dead letter");
    store.commit(&by_hand).await.expect("it moves");
    let place = Place { position: 0, delivery: items[1].id };
    let stale = store.advance(&lane, place, Some(&scene.change(&items[1], started.id))).await;
    assert!(matches!(stale, Err(AdvanceError::Stale)), "{stale:?}");
    assert_eq!(scene.found(started.id).await.progress.moved, 0, "the place did not move without its item");
    while scene.redriver().work(world.host, store).await.expect("an answer") {}
    let ended = scene.found(started.id).await;
    assert_eq!((ended.state, ended.progress.moved), (RedriveState::Finished, 1));
}

#[tokio::test]
async fn a_redrive_is_seen_by_its_partner_and_operators_and_groups_by_the_receiver() {
    let scene = dead(2, false).await;
    let started = scene.start(1).await;
    let carol = scene.world.partner("carol").await;
    let of_all = Redrive { id: RedriveId::generate(now()), partner: None, ..started.clone() };
    scene.world.store.start(&of_all).await.expect("an operator's redrive");
    for (role, redrives, lanes, counted) in
        [(Role::Partner(scene.bob), 1, 1, 2), (Role::Operator, 2, 2, 2), (Role::Partner(carol), 0, 0, 0)]
    {
        let view = scene.world.view(role).await;
        let ids = [started.id, of_all.id];
        assert_eq!(view.redrives_by_id(&ids).await.expect("redrives").len(), redrives, "{role:?}");
        assert_eq!(view.lanes_of(&ids).await.expect("lanes").len(), lanes, "{role:?}");
        let groups = view.dead_letter_groups(&RedriveFilter::default()).await.expect("groups");
        assert_eq!(groups.iter().map(|it| it.count).sum::<u64>(), counted, "{role:?}");
        let refused = RedriveFilter { cause: Some(Cause::Refused), ..RedriveFilter::default() };
        let elsewhere = RedriveFilter { sender: Some(carol), ..RedriveFilter::default() };
        assert_eq!(view.dead_letter_groups(&refused).await.expect("groups"), groups);
        assert!(view.dead_letter_groups(&elsewhere).await.expect("groups").is_empty());
    }
    assert_eq!(scene.inbox.partner, scene.bob);
}

#[tokio::test]
async fn what_is_live_waits_in_line_until_a_running_redrive_has_passed_it() {
    let scene = dead(3, true).await;
    let (world, store) = (&scene.world, &scene.world.store);
    let alice = world.partner("carol").await;
    let share = world.accepted(alice, &[scene.bob]).await.remove(0);
    let live = world.released(&share, &[&scene.inbox]).await.remove(0);
    let claims = async |id: DeliveryId| {
        let rung = world.rung(lockgate_core::command::Work::Delivery(id)).await;
        !store.claim(world.host, &[rung]).await.expect("an answer").is_empty()
    };
    let first = async || store.first_unfinished(scene.inbox.id).await.expect("an answer");
    assert_eq!(first().await, live.position, "dead letters are out of the line");
    let started = scene.start(1).await;
    assert_eq!(first().await, Some(1), "until they are sent again");
    assert!(!claims(live.id).await);
    assert!(scene.redriver().work(world.host, store).await.expect("an answer"), "one a second");
    assert_eq!(first().await, Some(1));
    world.delivered(scene.dead[0]).await;
    assert_eq!(first().await, Some(2), "the next one is not scheduled yet, and holds the line all the same");
    assert!(!claims(live.id).await, "a live one overtook the redrive");

    let change = async |wanted: RedriveMove| {
        scene.redriver().decide(&user(scene.bob), started.id, wanted).await.expect("a legal move");
    };
    change(RedriveMove::Pause).await;
    assert_eq!(first().await, live.position, "a redrive that rests holds up nobody");
    change(RedriveMove::Resume).await;
    for _ in 0..3 {
        world.run("update redrive_lanes set due_at = now()").await;
        scene.redriver().work(world.host, store).await.expect("an answer");
    }
    assert_eq!(scene.found(started.id).await.state, RedriveState::Finished);
    for id in &scene.dead[1..] {
        assert!(!claims(live.id).await);
        world.delivered(*id).await;
    }
    assert!(claims(live.id).await);
}
