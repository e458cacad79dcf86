//! The line before the places: in order, bounded, and without those who left it.

use futures::FutureExt as _;

use super::Places;
use crate::intake::Assemblies;

fn places(at_once: usize, waiting: usize) -> Places {
    Places::new(Assemblies { at_once, waiting })
}

#[test]
fn who_waits_gets_the_place_in_the_order_of_asking() {
    let places = places(1, 2);
    let first = places.take().now_or_never().flatten().expect("a free place");
    let (mut second, mut third) = (Box::pin(places.take()), Box::pin(places.take()));
    assert!(second.as_mut().now_or_never().is_none() && third.as_mut().now_or_never().is_none());
    drop(first);
    assert!(third.as_mut().now_or_never().is_none(), "it is not its turn");
    let second = second.now_or_never().flatten().expect("its turn");
    drop(second);
    assert!(third.now_or_never().flatten().is_some());
    assert!(places.take().now_or_never().flatten().is_some(), "nothing is used up");
}

#[test]
fn who_finds_the_line_full_is_sent_away_and_who_left_it_takes_no_room() {
    let places = places(1, 1);
    let first = places.take().now_or_never().flatten().expect("a free place");
    let mut leaves = Box::pin(places.take());
    assert!(leaves.as_mut().now_or_never().is_none(), "it waits");
    assert!(matches!(places.take().now_or_never(), Some(None)), "the line is full");
    drop(leaves);
    let mut waits = Box::pin(places.take());
    assert!(waits.as_mut().now_or_never().is_none(), "it waits");
    drop(first);
    assert!(waits.now_or_never().flatten().is_some());
}

#[test]
fn a_place_that_comes_to_one_who_left_goes_to_the_next() {
    let places = places(1, 3);
    let first = places.take().now_or_never().flatten().expect("a free place");
    let (mut leaves, mut given, mut last) = (Box::pin(places.take()), Box::pin(places.take()), Box::pin(places.take()));
    for waiting in [&mut leaves, &mut given, &mut last] {
        assert!(waiting.as_mut().now_or_never().is_none());
    }
    drop(leaves);
    drop(first);
    // It has its place by now, but never looks.
    drop(given);
    assert!(last.now_or_never().flatten().is_some());
}
