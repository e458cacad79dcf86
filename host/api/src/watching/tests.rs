//! Followers hear what concerns them, each thing once, and never more than they can hold.

use std::sync::Arc;

use lockgate_core::id::{DeliveryId, PartnerId, TransferId};
use lockgate_core::nudge::Nudge;
use lockgate_core::ports::NudgeSink;
use lockgate_core::viewer::Role;
use uuid::Uuid;

use super::{Hub, PENDING, Topic, Wake, Watch};
use crate::settings::SubscriptionLimits;

fn transfer(number: u128) -> TransferId {
    TransferId::from_uuid(Uuid::from_u128(number))
}

fn partner(number: u128) -> PartnerId {
    PartnerId::from_uuid(Uuid::from_u128(number))
}

fn all(watch: &Watch) -> Vec<Wake> {
    std::iter::from_fn(|| watch.follower.take()).collect()
}

#[test]
fn a_follower_hears_only_what_concerns_its_partner() {
    let hub = Arc::new(Hub::default());
    let of = |role| hub.follow(Topic::Transfers, role);
    let (sender, receiver, stranger, operator) = (
        of(Role::Partner(partner(1))),
        of(Role::Partner(partner(2))),
        of(Role::Partner(partner(3))),
        of(Role::Operator),
    );
    hub.nudged(&Nudge { transfer: transfer(7), delivery: None, partners: vec![partner(1), partner(2)] });
    for watch in [&sender, &receiver, &operator] {
        assert_eq!(all(watch), [Wake::Transfer(transfer(7))]);
    }
    assert_eq!(all(&stranger), []);
}

#[test]
fn a_sender_does_not_hear_of_its_receivers_deliveries() {
    let hub = Arc::new(Hub::default());
    let delivery = DeliveryId::from_uuid(Uuid::from_u128(9));
    let sender = hub.follow(Topic::Transfer(transfer(7)), Role::Partner(partner(1)));
    let receiver = hub.follow(Topic::Delivery(delivery), Role::Partner(partner(2)));
    hub.nudged(&Nudge { transfer: transfer(7), delivery: Some(delivery), partners: vec![partner(2)] });
    assert_eq!(all(&sender), []);
    assert_eq!(all(&receiver), [Wake::Delivery(delivery)]);
}

#[test]
fn a_slow_follower_has_each_thing_to_look_at_once() {
    let hub = Arc::new(Hub::default());
    let watch = hub.follow(Topic::Transfers, Role::Operator);
    for number in [1, 2, 1, 1, 2] {
        hub.nudged(&Nudge { transfer: transfer(number), delivery: None, partners: vec![] });
    }
    assert_eq!(all(&watch), [Wake::Transfer(transfer(1)), Wake::Transfer(transfer(2))]);
    hub.nudged(&Nudge { transfer: transfer(1), delivery: None, partners: vec![] });
    assert_eq!(all(&watch), [Wake::Transfer(transfer(1))], "what was looked at may change again");
}

#[test]
fn a_follower_that_is_too_slow_is_told_so_and_holds_nothing() {
    let hub = Arc::new(Hub::default());
    let watch = hub.follow(Topic::Transfers, Role::Operator);
    for number in 0..=PENDING {
        hub.nudged(&Nudge { transfer: transfer(number as u128), delivery: None, partners: vec![] });
    }
    assert_eq!(watch.follower.take(), Some(Wake::Missed));
    assert!(watch.follower.waiting.lock().expect("not poisoned").order.is_empty());
}

#[test]
fn a_gap_makes_followers_of_one_thing_look_and_the_others_give_up() {
    let hub = Arc::new(Hub::default());
    let one = hub.follow(Topic::Transfer(transfer(7)), Role::Partner(partner(1)));
    let many = hub.follow(Topic::Deliveries, Role::Operator);
    hub.missed();
    assert_eq!(all(&one), [Wake::Transfer(transfer(7))]);
    assert_eq!(many.follower.take(), Some(Wake::Missed));
}

#[test]
fn a_follower_that_leaves_is_forgotten() {
    let hub = Arc::new(Hub::default());
    let watch = hub.follow(Topic::Transfers, Role::Operator);
    drop(watch);
    assert!(hub.followers.lock().expect("not poisoned").is_empty());
}

#[test]
fn connections_are_counted_by_viewer_and_altogether() {
    let hub = Arc::new(Hub::default());
    let limits = SubscriptionLimits { connections: 3, connections_per_viewer: 2, ..SubscriptionLimits::default() };
    let admit = |who: &str| hub.admit(who.to_owned(), &limits);
    let first = admit("ann").expect("room");
    let _second = admit("ann").expect("room");
    assert!(admit("ann").is_none(), "ann has two already");
    let _third = admit("ben").expect("room");
    assert!(admit("cid").is_none(), "the host is full");
    drop(first);
    assert!(admit("cid").is_some());
}
