//! Attempts let begin: no more at once than a destination takes, and none through an open breaker, whichever host asks.

use lockgate_core::breaker::BreakerState;
use lockgate_core::claim::Claim;
use lockgate_core::command::Work;
use lockgate_core::delivery::{Answer, Cause, Delivery, Wait};
use lockgate_core::destination::{Destination, DestinationSettings, DestinationStatus};
use lockgate_core::ports::{Admission, Blame, DestinationChange, Registry, TransferStore, Turned};
use lockgate_core::state::{DeliveryMove, Stamp, delivery};
use lockgate_core::viewer::Role;

use crate::world::{World, now};

struct Scene {
    world: World,
    inbox: Destination,
    sent: Vec<Delivery>,
}

async fn scene(count: usize, settings: DestinationSettings) -> Scene {
    to(false, count, settings).await
}

async fn to(ordered: bool, count: usize, settings: DestinationSettings) -> Scene {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let inbox = world.destination(bob, "inbox", ordered).await;
    let change = DestinationChange { settings: Some(settings), ..DestinationChange::default() };
    let inbox = world.store.update_destination(inbox.id, &change).await.expect("its settings");
    let mut sent = vec![];
    for _ in 0..count {
        let share = world.accepted(alice, &[bob]).await.remove(0);
        sent.extend(world.released(&share, &[&inbox]).await);
    }
    Scene { world, inbox, sent }
}

impl Scene {
    async fn claim(&self, at: usize) -> Claim {
        self.world.claim(Work::Delivery(self.sent[at].id)).await
    }

    async fn admit(&self, claim: &Claim) -> Admission {
        self.world.store.admit(claim, &self.inbox).await.expect("an answer")
    }

    async fn answered(&self, claim: &Claim, answer: Answer) {
        self.world.store.commit(&self.world.attempting(claim, answer)).await.expect("an attempt");
    }
}

fn waits(admission: Admission) -> Option<Wait> {
    match admission {
        Admission::Wait { waits, .. } => Some(waits),
        Admission::Go | Admission::Stale => None,
    }
}

#[tokio::test]
async fn no_more_attempts_are_under_way_than_the_destination_takes_and_the_next_is_rung_for() {
    let scene = scene(3, DestinationSettings { concurrent: 1, ..DestinationSettings::default() }).await;
    let (first, second) = (scene.claim(0).await, scene.claim(1).await);
    assert_eq!(scene.admit(&first).await, Admission::Go);
    let Admission::Wait { until, waits } = scene.admit(&second).await else { panic!("two at once") };
    assert_eq!(waits, Wait::Slot);
    let lockgate_core::claim::Aggregate::Delivery(it) = &second.aggregate else { panic!("not a delivery") };
    let postponed = DeliveryMove::Postpone { until, waits };
    let postponed = delivery::apply(it, postponed, &Stamp::of_claim(&second, now())).expect("a legal move");
    scene.world.store.commit(&postponed).await.expect("it waits");
    assert_eq!(scene.world.delivery(it.id).await.attempts, 0, "waiting is no attempt");
    // Its time came, and the destination is still full: no host takes it up to put it off again.
    scene.world.run("update deliveries set due_at = updated_at + interval '1 microsecond' where waits = 'slot'").await;
    let overdue = std::time::Duration::from_secs(3600);
    let polled = scene.world.adopt(scene.world.host, 8, overdue).await;
    assert!(polled.iter().all(|claim| claim.aggregate.work() != Work::Delivery(it.id)), "{polled:?}");
    let rung = format!("select count(*) from outbox where aggregate = '{}'", it.id.uuid());
    let before = scene.world.number(&rung).await;
    scene.answered(&first, Answer::Taken { receipt: "200".into() }).await;
    assert_eq!(scene.world.number(&rung).await, before + 1, "it is rung for as soon as there is room");
    let second = scene.claim(1).await;
    assert_eq!(scene.admit(&second).await, Admission::Go);
    scene.world.store.relinquish(&second, std::time::Duration::ZERO, Blame::Nobody).await.expect("given back");
    assert_eq!(scene.admit(&second).await, Admission::Stale, "a claim that is over begins nothing");
    let third = scene.claim(2).await;
    assert_eq!(scene.admit(&third).await, Admission::Go, "a claim given back frees its place");
}

#[tokio::test]
async fn a_breaker_opens_for_all_hosts_and_closes_when_a_probe_arrives() {
    let settings =
        DestinationSettings { breaker_failures: 2, breaker_pause_seconds: 1, ..DestinationSettings::default() };
    let scene = scene(5, settings).await;
    for at in 0..2 {
        let claim = scene.claim(at).await;
        assert_eq!(scene.admit(&claim).await, Admission::Go);
        scene.answered(&claim, Answer::failed(Cause::ServerError, "500")).await;
    }
    let seen = async || {
        let view = scene.world.view(Role::Operator).await;
        view.breakers_of(&[scene.inbox.id]).await.expect("an answer").remove(0).1
    };
    assert_eq!(seen().await.state, BreakerState::Open);
    let (probe, other) = (scene.claim(2).await, scene.claim(3).await);
    assert_eq!(waits(scene.admit(&probe).await), Some(Wait::Breaker));
    // The pause is over: moved by hand, because nothing here may take its time.
    scene.world.run("update breakers set until = now() - interval '1 second'").await;
    assert_eq!(scene.admit(&probe).await, Admission::Go, "one probes");
    assert_eq!(waits(scene.admit(&other).await), Some(Wait::Breaker), "the others wait");
    scene.answered(&probe, Answer::Taken { receipt: "200".into() }).await;
    assert_eq!(seen().await.state, BreakerState::Closed);
    assert_eq!(scene.admit(&other).await, Admission::Go);
    let strangers = scene.world.partner("carol").await;
    let view = scene.world.view(Role::Partner(strangers)).await;
    assert!(view.breakers_of(&[scene.inbox.id]).await.expect("an answer").is_empty());
}

#[tokio::test]
async fn a_refused_payload_does_not_trip_the_breaker() {
    let scene = scene(3, DestinationSettings { breaker_failures: 1, ..DestinationSettings::default() }).await;
    for at in 0..2 {
        let claim = scene.claim(at).await;
        assert_eq!(scene.admit(&claim).await, Admission::Go);
        scene.answered(&claim, Answer::refused(Cause::Refused, "400")).await;
    }
    assert_eq!(scene.admit(&scene.claim(2).await).await, Admission::Go);
}

#[tokio::test]
async fn an_ordered_destination_takes_one_attempt_at_a_time_however_many_it_may_take_at_once() {
    let scene = to(true, 2, DestinationSettings::default()).await;
    let first = scene.claim(0).await;
    scene.answered(&first, Answer::refused(Cause::Refused, "400")).await;
    let second = scene.claim(1).await;
    assert_eq!(scene.admit(&second).await, Admission::Go);
    // The dead letter is sent again while the one behind it is on its way.
    let dead = scene.world.delivery(scene.sent[0].id).await;
    let again = DeliveryMove::Redrive { reason: "it was repaired".into(), redrive: None, judged_again: false };
    let again = delivery::apply(&dead, again, &Stamp::of_person("bob", now(), None)).expect("a dead letter");
    scene.world.store.commit(&again).await.expect("redriven");
    let first = scene.claim(0).await;
    assert_eq!(waits(scene.admit(&first).await), Some(Wait::Slot), "two under way at once have no order");
    scene.answered(&second, Answer::Taken { receipt: "200".into() }).await;
    assert_eq!(scene.admit(&first).await, Admission::Go);
}

#[tokio::test]
async fn a_probe_whose_answer_says_nothing_of_the_destination_lets_the_next_one_probe() {
    let scene = scene(3, DestinationSettings { breaker_failures: 1, ..DestinationSettings::default() }).await;
    let claim = scene.claim(0).await;
    assert_eq!(scene.admit(&claim).await, Admission::Go);
    scene.answered(&claim, Answer::failed(Cause::ServerError, "500")).await;
    scene.world.run("update breakers set until = now() - interval '1 second'").await;
    let (probe, other) = (scene.claim(1).await, scene.claim(2).await);
    assert_eq!(scene.admit(&probe).await, Admission::Go);
    assert_eq!(waits(scene.admit(&other).await), Some(Wait::Breaker));
    scene.answered(&probe, Answer::failed(Cause::Misconfigured, "302 Found")).await;
    assert_eq!(scene.admit(&other).await, Admission::Go, "not only when the first one's time is over");
}

#[tokio::test]
async fn a_change_of_settings_does_not_turn_on_what_was_gone_a_moment_before() {
    let scene = scene(1, DestinationSettings::default()).await;
    let claim = scene.claim(0).await;
    let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".into(), disable: true, response: None };
    // Whoever changes the settings has read the destination before it was turned off.
    let settings = DestinationSettings { concurrent: 2, ..scene.inbox.settings.clone() };
    let change = DestinationChange { settings: Some(settings.clone()), ..DestinationChange::default() };
    scene.answered(&claim, gone).await;
    let now = scene.world.store.update_destination(scene.inbox.id, &change).await.expect("the destination");
    assert_eq!((now.status, now.settings), (DestinationStatus::Disabled, settings));
    assert_eq!(now.disabled.map(|it| it.reason).as_deref(), Some("410 Gone"));
    let on = DestinationChange { turned: Some(Turned::On), ..DestinationChange::default() };
    let now = scene.world.store.update_destination(scene.inbox.id, &on).await.expect("the destination");
    assert_eq!((now.status, now.disabled), (DestinationStatus::Active, None));
}
