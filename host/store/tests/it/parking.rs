//! Messages that wait for a channel: left alone while another asks it, rung for when it takes one, never forgotten.

use std::time::Duration;

use lockgate_core::claim::Aggregate;
use lockgate_core::command::{Command, Ring, RungCommand, Work};
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::hook::Hook;
use lockgate_core::id::{NotificationId, PartnerId};
use lockgate_core::notification::{Channel, NotificationState};
use lockgate_core::policy::{Owner, Side};
use lockgate_core::ports::{ChannelChange, Registry, TransferStore};
use lockgate_core::state::{NotificationMove, Stamp, notification};
use lockgate_core::trace::TraceContext;
use lockgate_core::viewer::Role;
use sqlx::AssertSqlSafe;

use crate::world::{World, binding, message_to, now};

const LATER: Duration = Duration::from_secs(3600);

/// Messages of a partner to its channel, as many as there are parts, none of them rung for any more.
async fn composed(world: &World, of: PartnerId, to: PartnerId, transfers: usize) -> Vec<NotificationId> {
    let mut parts = vec![];
    for _ in 0..transfers {
        let transfer = world.received(of, &[to]).await.id;
        let told = world.view(Role::Operator).await.notifications_of(&[transfer]).await.expect("notifications");
        let composing = world.moving(told[0].id, NotificationMove::Compose(vec![message_to("erp"); 10])).await;
        world.store.commit(&composing).await.expect("composed");
        let told = world.view(Role::Operator).await.notifications_of(&[transfer]).await.expect("notifications");
        parts.extend(told.iter().map(|it| it.id));
    }
    world.run("update transfers set due_at = now() + interval '1 day'").await;
    world.run("update notifications set claimed_by = null, claimed_at = null").await;
    world.run("delete from outbox").await;
    parts
}

struct Scene {
    world: World,
    channel: Channel,
    parts: Vec<NotificationId>,
}

/// A channel that fails and is asked by the first of its messages, which a host holds; all the others are parked.
async fn asked() -> Scene {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    world.active(Owner::Partner(alice), Side::Inbound, vec![binding(Owner::Partner(alice), Hook::Notify)]).await;
    let channel = world.channel(alice).await;
    let parts = composed(&world, alice, bob, 3).await;
    world.run("update channels set failing_since = now() - interval '1 hour'").await;
    for id in &parts[1..] {
        let parking = world.moving(*id, NotificationMove::Park { channel: channel.id }).await;
        world.store.commit(&parking).await.expect("parked");
    }
    world.claim(Work::Notification(parts[0])).await;
    assert!(world.store.ask(channel.id, parts[0]).await.expect("an answer"));
    assert!(!world.store.ask(channel.id, parts[1]).await.expect("an answer"), "two at a time");
    let channel = world.store.find_channel(channel.id).await.expect("an answer").expect("the channel");
    assert!(channel.health.waited_for);
    Scene { world, channel, parts }
}

impl Scene {
    async fn adopt(&self, room: usize) -> Vec<NotificationId> {
        let claims = self.world.adopt(self.world.host, room, LATER).await;
        claims
            .iter()
            .map(|it| match it.aggregate.work() {
                Work::Notification(id) => id,
                other => panic!("not a message: {other}"),
            })
            .collect()
    }

    /// What a message that is claimed is answered, by the channel as it stands now.
    async fn answered(&self, id: NotificationId, answer: Answer) {
        let Aggregate::Notification(it) = self.world.load(Work::Notification(id)).await else { panic!("a message") };
        let channel = self.world.store.find_channel(self.channel.id).await.expect("an answer").expect("the channel");
        let health = channel.health.after(&answer, now(), LATER * 24 * 30);
        let next = matches!(answer, Answer::Failed { .. }).then(|| now() + LATER);
        let wanted =
            NotificationMove::Attempt { attempt: self.world.attempt(answer), next, channel: Some((channel, health)) };
        let change = notification::apply(&it, wanted, &Stamp::of_host(self.world.host, now())).expect("a legal move");
        self.world.store.commit(&change).await.expect("an answer is kept");
    }

    /// Claims all that was rung for.
    async fn rung(&self) -> Vec<NotificationId> {
        let sql = "delete from outbox where kind = 'notification' returning aggregate, version, partner";
        let rows: Vec<(sqlx::types::Uuid, i64, sqlx::types::Uuid)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut self.world.raw().await).await.expect("commands");
        let ring = Ring { topic: "test.commands".into(), partition: 3, offset: 42 };
        let commands: Vec<_> = rows
            .into_iter()
            .map(|(id, version, partner)| Command {
                work: Work::Notification(NotificationId::from_uuid(id)),
                version,
                partner: PartnerId::from_uuid(partner),
                trace: TraceContext::default(),
            })
            .map(|command| RungCommand { command, ring: ring.clone() })
            .collect();
        let claims = self.world.store.claim(self.world.host, &commands).await.expect("an answer");
        claims.iter().map(|it| NotificationId::from_uuid(it.aggregate.work().uuid())).collect()
    }

    async fn in_state(&self, state: NotificationState) -> i64 {
        let word = notification::name(state);
        self.world.number(&format!("select count(*) from notifications where state = '{word}'")).await
    }
}

fn taken() -> Answer {
    Answer::Taken { receipt: "204".into() }
}

#[tokio::test]
async fn however_many_wait_no_pass_touches_them_while_the_channel_is_asked() {
    let scene = asked().await;
    let touched = "select count(distinct xmin::text) + sum(version) from notifications";
    let before = scene.world.number(&format!("select ({touched})::bigint")).await;
    for _ in 0..5 {
        assert!(scene.adopt(20).await.is_empty());
    }
    assert_eq!(scene.world.number(&format!("select ({touched})::bigint")).await, before);

    // It fails once more: the others leave it alone for a moment, then one of them asks.
    scene.answered(scene.parts[0], Answer::failed(Cause::TimedOut, "no answer")).await;
    assert!(scene.rung().await.is_empty() && scene.adopt(20).await.is_empty());
    scene.world.run("update channels set asked_at = asked_at - interval '10 seconds'").await;
    let next = scene.adopt(20).await;
    assert_eq!(next, [scene.parts[1]], "one, and the one that waited longest");
    assert!(scene.adopt(20).await.is_empty(), "another one is on its way");
}

#[tokio::test]
async fn who_asked_and_died_is_taken_over_or_replaced() {
    let scene = asked().await;
    scene.world.run("update hosts set alive_until = now() - interval '1 second'").await;
    let host = scene.world.host(LATER).await;
    let adopted = scene.world.adopt(host, 20, LATER).await;
    let works: Vec<_> = adopted.iter().map(|it| it.aggregate.work()).collect();
    assert_eq!(works, [Work::Notification(scene.parts[0])]);
    assert!(scene.world.store.ask(scene.channel.id, scene.parts[0]).await.expect("an answer"), "it goes on to ask");
    scene.world.run("update channels set asked_at = asked_at - interval '120 seconds'").await;
    let replaced = scene.world.adopt(host, 20, LATER).await;
    assert_eq!(replaced.len(), 1, "whoever says nothing for too long keeps nobody from asking");
    let Work::Notification(other) = replaced[0].aggregate.work() else { panic!("not a message") };
    assert!(scene.world.store.ask(scene.channel.id, other).await.expect("an answer"));
}

#[tokio::test]
async fn once_a_channel_takes_a_message_a_few_are_rung_for_and_each_of_them_rings_for_another() {
    let scene = asked().await;
    scene.answered(scene.parts[0], taken()).await;
    let mut rounds = 0;
    loop {
        let rung = scene.rung().await;
        assert!(rung.len() <= 8, "{} at once", rung.len());
        if rung.is_empty() {
            break;
        }
        assert!(scene.adopt(20).await.is_empty(), "nobody else is taken up beside those that are on their way");
        for id in rung {
            scene.answered(id, taken()).await;
        }
        rounds += 1;
    }
    assert!(rounds > 3);
    assert_eq!(scene.in_state(NotificationState::Sent).await, scene.parts.len() as i64);
}

#[tokio::test]
async fn a_ring_that_was_lost_and_a_message_that_was_late_to_park_are_found() {
    let scene = asked().await;
    scene.answered(scene.parts[0], taken()).await;
    scene.world.run("delete from outbox").await;
    assert!(scene.adopt(20).await.is_empty(), "Kafka gets its chance");
    let overdue = scene.world.adopt(scene.world.host, 20, Duration::ZERO).await;
    assert_eq!(overdue.len(), 8);
    for claim in &overdue {
        let Work::Notification(id) = claim.aggregate.work() else { panic!("not a message") };
        scene.answered(id, Answer::refused(Cause::Misconfigured, "its body is too large")).await;
    }
    scene.world.run("delete from outbox").await;
    scene.world.run("update notifications set rung = false where state = 'scheduled'").await;
    assert_eq!(scene.adopt(20).await.len(), 1, "nobody is on its way, and the channel is well");
}

#[tokio::test]
async fn those_that_wait_for_a_channel_that_is_off_are_taken_up_to_be_passed_over() {
    let scene = asked().await;
    let off = ChannelChange { enabled: Some(false), ..ChannelChange::default() };
    scene.world.store.update_channel(scene.channel.id, &off).await.expect("the channel");
    let (mut found, mut pass) = (0, scene.adopt(20).await);
    while !pass.is_empty() {
        found += pass.len();
        pass = scene.adopt(20).await;
    }
    assert_eq!(found, scene.parts.len() - 1);
}

#[tokio::test]
async fn a_channel_that_is_changed_is_asked_at_once() {
    let scene = asked().await;
    let change = ChannelChange { events: Some(vec![]), ..ChannelChange::default() };
    scene.world.store.update_channel(scene.channel.id, &change).await.expect("the channel");
    assert_eq!(scene.adopt(20).await.len(), 1);
}

#[tokio::test]
async fn one_partners_flood_of_messages_does_not_hide_anothers() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    for who in [alice, bob] {
        world.active(Owner::Partner(who), Side::Inbound, vec![binding(Owner::Partner(who), Hook::Notify)]).await;
    }
    let flood = composed(&world, alice, bob, 5).await;
    let late = composed(&world, bob, alice, 1).await;
    world
        .run("update notifications set due_at = now() - interval '1 hour', updated_at = now() - interval '2 hours'")
        .await;
    let bobs =
        format!("update notifications set due_at = now() - interval '1 minute' where partner = '{}'", bob.uuid());
    world.run(&bobs).await;
    assert!(flood.len() > 2 * 8);
    let adopted = world.adopt(world.host, 2, LATER).await;
    let is_late = |id: &NotificationId| adopted.iter().any(|it| it.aggregate.work() == Work::Notification(*id));
    assert!(adopted.len() == 2 && late.iter().any(is_late), "{adopted:?}");
}
