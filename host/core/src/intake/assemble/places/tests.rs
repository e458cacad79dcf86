//! The line before the places: in order, bounded, without those who left it, and with room for other senders.

use futures::FutureExt as _;
use uuid::Uuid;

use super::{Place, Places};
use crate::id::PartnerId;
use crate::intake::Assemblies;

fn places(at_once: usize, waiting: usize) -> Places {
    Places::new(Assemblies { at_once, waiting })
}

fn sender() -> PartnerId {
    PartnerId::from_uuid(Uuid::new_v4())
}

/// A place that is free for the sender.
fn taken(places: &Places, sender: PartnerId) -> Place {
    places.take(sender).now_or_never().flatten().expect("a free place")
}

/// Whether the sender waits, gets a place or is sent away; what it would wait for is dropped.
fn waits(places: &Places, sender: PartnerId) -> bool {
    places.take(sender).now_or_never().is_none()
}

#[test]
fn who_waits_gets_the_place_in_the_order_of_asking() {
    let (places, sender) = (places(1, 3), sender());
    let first = taken(&places, sender);
    let (mut second, mut third) = (Box::pin(places.take(sender)), Box::pin(places.take(sender)));
    assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
    drop(first);
    assert!(third.as_mut().now_or_never().is_none(), "it is not its turn");
    let second = second.now_or_never().flatten().expect("its turn");
    drop(second);
    assert!(third.now_or_never().flatten().is_some());
    taken(&places, sender);
}

#[test]
fn who_finds_the_line_full_is_sent_away_and_who_left_it_takes_no_room() {
    let (places, sender) = (places(1, 1), sender());
    let first = taken(&places, sender);
    let mut leaves = Box::pin(places.take(sender));
    assert!(leaves.as_mut().now_or_never().is_none(), "it waits");
    assert!(matches!(places.take(sender).now_or_never(), Some(None)), "the line is full");
    drop(leaves);
    let mut waits = Box::pin(places.take(sender));
    assert!(waits.as_mut().now_or_never().is_none(), "it waits");
    drop(first);
    assert!(waits.now_or_never().flatten().is_some());
}

#[test]
fn a_place_that_comes_to_one_who_left_goes_to_the_next() {
    let (places, sender) = (places(1, 4), sender());
    let first = taken(&places, sender);
    let [mut leaves, mut given, mut last] = [(); 3].map(|()| Box::pin(places.take(sender)));
    for waiting in [&mut leaves, &mut given, &mut last] {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    drop(leaves);
    drop(first);
    // It has its place by now, but never looks.
    drop(given);
    assert!(last.now_or_never().flatten().is_some());
}

#[test]
fn a_sender_leaves_a_quarter_of_the_places_and_of_the_line_to_others() {
    let (places, one, other) = (places(8, 8), sender(), sender());
    let mut held: Vec<_> = (0..6).map(|_| taken(&places, one)).collect();
    let mut line: Vec<_> = (0..6).map(|_| Box::pin(places.take(one))).collect();
    assert!(line.iter_mut().all(|it| it.as_mut().now_or_never().is_none()), "two places are left, for others");
    assert!(matches!(places.take(one).now_or_never(), Some(None)), "its part of the line is full");

    let others = [taken(&places, other), taken(&places, other)];
    assert!(waits(&places, other), "all places are taken, and there is room to wait");
    drop(others);
    assert!(line.iter_mut().all(|it| it.as_mut().now_or_never().is_none()), "it has as many as it may");
    held.pop();
    let first = line.remove(0).now_or_never().flatten().expect("one of its own came free");
    drop((held, first));
    assert!(line.into_iter().all(|it| it.now_or_never().flatten().is_some()), "each of the line gets its turn");
}
