//! Events become one notification per notify binding, of the house and of the partner who is told.

use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::delivery::{Answer, Cause};
use lockgate_core::hook::Hook;
use lockgate_core::id::NotificationId;
use lockgate_core::notification::{
    Channel, ChannelHealth, ChannelKind, EventKind, Message, Notification, NotificationState,
};
use lockgate_core::policy::{Binding, Owner, Side};
use lockgate_core::ports::{ChannelChange, Registry, TransferStore};
use lockgate_core::provenance::EntryKind;
use lockgate_core::state::NotificationMove;
use lockgate_core::viewer::Role;

use crate::world::{World, binding, message_to, now};

#[tokio::test]
async fn an_event_is_told_by_the_house_and_by_its_own_partner_once_each() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let (house, own, others) = (Owner::House, Owner::Partner(alice), Owner::Partner(bob));
    world.active(house, Side::Inbound, vec![binding(house, Hook::Notify)]).await;
    world.active(own, Side::Inbound, vec![binding(own, Hook::Mask), binding(own, Hook::Notify)]).await;
    world.active(others, Side::Inbound, vec![binding(others, Hook::Notify)]).await;
    world.revision(own, Side::Outbound, vec![binding(own, Hook::Notify)]).await;

    let transfer = world.received(alice, &[bob]).await;
    assert_eq!(world.number("select count(*) from events").await, 1);
    assert_eq!(world.number("select count(*) from notifications").await, 2, "a draft or another partner was asked");
    assert_eq!(world.number("select count(*) from outbox where kind = 'notification' and version = 0").await, 2);

    let seen = world.view(Role::Partner(alice)).await.notifications_of(&[transfer.id]).await.expect("notifications");
    assert_eq!(seen.iter().map(|it| it.owner).collect::<Vec<_>>(), [own], "the house's are the house's affair");
    assert_eq!(seen[0].event.attributes[0], ("file.name".to_owned(), "invoice-812.csv".to_owned()));
    assert!(world.view(Role::Partner(bob)).await.notifications_of(&[transfer.id]).await.expect("none").is_empty());
    let all = world.view(Role::Operator).await.notifications_of(&[transfer.id]).await.expect("notifications");
    assert_eq!(all.len(), 2);
}

#[tokio::test]
async fn a_binding_that_names_events_is_asked_about_no_others() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let owner = Owner::Partner(alice);
    let of = |events: &[EventKind]| Binding { events: events.to_vec(), ..binding(owner, Hook::Notify) };
    let [received, both, held] = [
        of(&[EventKind::TransferReceived]),
        of(&[EventKind::TransferHeld, EventKind::TransferReceived]),
        of(&[EventKind::TransferHeld]),
    ];
    world.active(owner, Side::Inbound, vec![received.clone(), both.clone(), held]).await;
    let transfer = world.received(alice, &[bob]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[transfer.id]).await.expect("notifications");
    let mut told: Vec<_> = told.iter().map(|it| it.binding).collect();
    let mut wanted = vec![received.id, both.id];
    told.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(told, wanted);
}

async fn moved(world: &World, id: NotificationId, wanted: NotificationMove) -> Notification {
    let change = world.moving(id, wanted).await;
    world.store.commit(&change).await.expect("a notification");
    match world.load(Work::Notification(id)).await {
        Aggregate::Notification(it) => it,
        other => panic!("not a notification: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_that_was_taken_enters_the_provenance_of_whoever_sent_it() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let others = Owner::Partner(bob);
    world.active(others, Side::Outbound, vec![binding(others, Hook::Notify)]).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    world.released(&share, &[]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[share.transfer]).await.expect("notifications");
    let id = told[0].id;
    let message = Message {
        channel: "erp".into(),
        title: "released".into(),
        media_type: "text/plain".into(),
        text: "it came".into(),
    };
    let composed = moved(&world, id, NotificationMove::Compose(vec![message.clone()])).await;
    assert_eq!((composed.state, composed.messages), (NotificationState::Scheduled, vec![message]));
    let attempt = world.attempt(Answer::Taken { receipt: "204".into() });
    let sent = moved(&world, id, NotificationMove::Attempt { attempt, next: None, channel: None }).await;
    assert_eq!((sent.state, sent.sent), (NotificationState::Sent, 1));

    let page = lockgate_core::ports::PageRequest::first(50);
    for (role, sees) in [(Role::Partner(alice), false), (Role::Partner(bob), true), (Role::Operator, true)] {
        let view = world.view(role).await;
        let entries = view.provenance_of(&[share.transfer], &page).await.expect("pages");
        let notified =
            entries.iter().flat_map(|(_, page)| &page.edges).any(|edge| edge.node.entry.kind.name() == "notified");
        assert_eq!(notified, sees, "{role:?}");
    }
}

/// An attempt at a message of a channel, with that answer.
fn refused(world: &World, channel: &Channel, answer: Answer) -> NotificationMove {
    let health = channel.health.after(&answer, now(), std::time::Duration::from_secs(60));
    let attempt = world.attempt(answer);
    NotificationMove::Attempt { attempt, next: None, channel: Some((channel.clone(), health)) }
}

#[tokio::test]
async fn each_message_of_a_composition_is_a_part_of_its_own_the_first_goes_on_and_the_others_are_rung_for() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let own = Owner::Partner(alice);
    world.active(own, Side::Inbound, vec![binding(own, Hook::Notify)]).await;
    let transfer = world.received(alice, &[bob]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[transfer.id]).await.expect("notifications");
    moved(&world, told[0].id, NotificationMove::Compose(["a", "b", "c"].map(message_to).into())).await;
    let mut parts = world.view(Role::Operator).await.notifications_of(&[transfer.id]).await.expect("notifications");
    parts.sort_by_key(|it| it.part);
    let channels: Vec<_> = parts.iter().map(|it| (it.part, it.messages[0].channel.as_str())).collect();
    assert_eq!(channels, [(0, "a"), (1, "b"), (2, "c")]);
    assert!(parts.iter().all(|it| it.messages.len() == 1 && it.state == NotificationState::Scheduled));
    let rung = "select count(*) from outbox o join notifications n on n.id = o.aggregate and n.version = o.version";
    assert_eq!(world.number(rung).await, 2, "each at the version that it has");
    world.claim(Work::Notification(parts[2].id)).await;
    // Whoever composed still holds the first, and nobody else may take it.
    assert_eq!(world.number("select count(*) from notifications where claimed_by is not null and part = 0").await, 1);
    let adopted = world.adopt(world.host, 10, std::time::Duration::ZERO).await;
    assert!(adopted.iter().all(|it| it.aggregate.work() != Work::Notification(parts[0].id)));
}

#[tokio::test]
async fn of_two_attempts_that_hear_that_a_channel_is_gone_one_turns_it_off_and_tells_its_owner() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let others = Owner::Partner(bob);
    let binding = |hook| binding(others, hook);
    world.active(others, Side::Outbound, vec![binding(Hook::Notify), binding(Hook::Notify)]).await;
    let channel = world.channel(bob).await;
    let share = world.accepted(alice, &[bob]).await.remove(0);
    world.released(&share, &[]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[share.transfer]).await.expect("notifications");
    assert_eq!(told.len(), 2);
    for it in &told {
        moved(&world, it.id, NotificationMove::Compose(vec![message_to("erp")])).await;
    }
    for it in &told {
        let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".into(), disable: true, response: None };
        let lost = moved(&world, it.id, refused(&world, &channel, gone)).await;
        assert_eq!(lost.state, NotificationState::DeadLettered);
    }
    assert_eq!(world.number("select count(*) from events where kind = 'channel.disabled'").await, 1);
    let view = world.view(Role::Partner(bob)).await;
    let seen = view.notifications_of(&[share.transfer]).await.expect("notifications");
    let event = seen.iter().map(|it| &it.event).find(|it| it.kind == EventKind::ChannelDisabled).expect("it is told");
    assert_eq!(
        (event.partner, event.attribute("channel.name"), event.attribute("reason")),
        (bob, Some("erp"), Some("410 Gone"))
    );
    assert!(!channel.hears_of(event), "not by the channel itself");

    let page = lockgate_core::ports::PageRequest::first(50);
    for (role, times) in [(Role::Partner(alice), 0), (Role::Partner(bob), 1), (Role::Operator, 1)] {
        let pages = world.view(role).await.provenance_of(&[share.transfer], &page).await.expect("pages");
        let entries = pages.iter().flat_map(|(_, page)| &page.edges).map(|edge| &edge.node.entry);
        let off: Vec<_> = entries.filter(|it| it.kind == EntryKind::ChannelDisabled).collect();
        assert_eq!(off.len(), times, "{role:?}");
        assert!(off.iter().all(|it| it.details["channel"] == "erp" && it.details["reason"] == "410 Gone"), "{off:?}");
    }
}

#[tokio::test]
async fn a_channel_that_is_gone_is_turned_off_with_the_attempt_and_recovers_what_it_missed() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let channel = world.channel(bob).await;
    let others = Owner::Partner(bob);
    world.active(others, Side::Outbound, vec![binding(others, Hook::Notify)]).await;
    let begun = now();
    let share = world.accepted(alice, &[bob]).await.remove(0);
    world.released(&share, &[]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[share.transfer]).await.expect("notifications");
    moved(&world, told[0].id, NotificationMove::Compose(vec![message_to("erp")])).await;
    let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".into(), disable: true, response: None };
    let lost = moved(&world, told[0].id, refused(&world, &channel, gone)).await;
    assert_eq!(lost.state, NotificationState::DeadLettered);
    let off = world.store.find_channel(channel.id).await.expect("an answer").expect("the channel");
    assert!(!off.enabled);
    assert_eq!(off.health.disabled.as_ref().map(|it| it.reason.as_str()), Some("410 Gone"));
    let other = ChannelChange { events: Some(vec![]), ..ChannelChange::default() };
    let still = world.store.update_channel(channel.id, &other).await.expect("it is there");
    assert_eq!(still, off, "another change leaves it turned off, with the reason");
    let on = ChannelChange { enabled: Some(true), ..ChannelChange::default() };
    world.store.update_channel(channel.id, &on).await.expect("it is there");
    assert_eq!(world.store.find_channel(channel.id).await.expect("an answer"), Some(channel.clone()));
    assert_eq!(world.store.recover_channel(&channel, now()).await.expect("an answer"), 0, "nothing since now");
    assert_eq!(world.store.recover_channel(&channel, begun).await.expect("an answer"), 1);
    let again = world.view(Role::Operator).await.notifications_of(&[share.transfer]).await.expect("notifications");
    assert_eq!((again[0].id, again[0].state), (told[0].id, NotificationState::Scheduled));
}

#[tokio::test]
async fn a_channel_that_leads_elsewhere_has_its_whole_patience_again() {
    let world = World::new().await;
    let bob = world.partner("bob").await;
    let channel = world.channel(bob).await;
    let failing = "update channels set failing_since = now() - interval '5 days'";
    let changed = async |change: ChannelChange| {
        world.store.update_channel(channel.id, &change).await.expect("it is there").health
    };
    world.run(failing).await;
    let events = ChannelChange { events: Some(vec![EventKind::TransferHeld]), ..ChannelChange::default() };
    assert!(changed(events).await.failing_since.is_some(), "another change leaves it as it fares");
    let same = ChannelChange { kind: Some(channel.kind.clone()), ..ChannelChange::default() };
    assert!(changed(same).await.failing_since.is_some(), "so does the same address");
    let kind = ChannelKind::Webhook { url: "https://new.example/".into(), signing_secret: "erp".into() };
    let elsewhere = ChannelChange { kind: Some(kind), ..ChannelChange::default() };
    assert_eq!(changed(elsewhere).await, ChannelHealth::default());

    // One that a host turned off stays off, and says why.
    world.run("update channels set enabled = false, disabled_reason = '410 Gone', disabled_at = now()").await;
    world.run(failing).await;
    let back = ChannelChange { kind: Some(channel.kind.clone()), ..ChannelChange::default() };
    let health = changed(back).await;
    assert_eq!((health.failing_since, health.disabled.map(|it| it.reason)), (None, Some("410 Gone".to_owned())));
}

#[tokio::test]
async fn an_answer_older_than_what_a_channel_took_meanwhile_does_not_turn_it_off() {
    let world = World::new().await;
    let (alice, bob) = (world.partner("alice").await, world.partner("bob").await);
    let others = Owner::Partner(bob);
    world.active(others, Side::Outbound, vec![binding(others, Hook::Notify), binding(others, Hook::Notify)]).await;
    let mut channel = world.channel(bob).await;
    world.run("update channels set failing_since = now() - interval '5 days'").await;
    channel = world.store.find_channel(channel.id).await.expect("an answer").expect("the channel");
    let share = world.accepted(alice, &[bob]).await.remove(0);
    world.released(&share, &[]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[share.transfer]).await.expect("notifications");
    for it in &told {
        moved(&world, it.id, NotificationMove::Compose(vec![message_to("erp")])).await;
    }
    // Both were sent to a channel that failed for days; the one that was taken ended first.
    let late = Answer::failed(Cause::TimedOut, "no answer");
    moved(&world, told[0].id, refused(&world, &channel, Answer::Taken { receipt: "204".into() })).await;
    let lost = moved(&world, told[1].id, refused(&world, &channel, late)).await;
    assert_eq!(lost.state, NotificationState::DeadLettered);
    let now = world.store.find_channel(channel.id).await.expect("an answer").expect("the channel");
    assert_eq!((now.enabled, now.health), (true, ChannelHealth::default()));
    assert_eq!(world.number("select count(*) from events where kind = 'channel.disabled'").await, 0);

    // Likewise an answer of the place where it led before.
    let moved_on = r#"update channels set kind = kind || '{"url": "https://new.example/"}'"#;
    world.run(moved_on).await;
    let gone = Answer::Refused { cause: Cause::Gone, error: "410 Gone".into(), disable: true, response: None };
    let other = world.accepted(alice, &[bob]).await.remove(0);
    world.released(&other, &[]).await;
    let told = world.view(Role::Operator).await.notifications_of(&[other.transfer]).await.expect("notifications");
    moved(&world, told[0].id, NotificationMove::Compose(vec![message_to("erp")])).await;
    let before = Channel { health: ChannelHealth::default(), ..channel };
    moved(&world, told[0].id, refused(&world, &before, gone)).await;
    assert!(world.store.find_channel(before.id).await.expect("an answer").expect("the channel").enabled);
}
