//! Places at channels.

use time::macros::datetime;

use super::{CONCURRENT, Rooms};
use crate::id::{ChannelId, PartnerId};
use crate::notification::{Channel, ChannelHealth, ChannelKind};
use crate::time::Timestamp;

const NOW: Timestamp = datetime!(2026-03-01 12:00 UTC);

fn channel(failing_since: Option<Timestamp>) -> Channel {
    Channel {
        id: ChannelId::generate(NOW),
        partner: PartnerId::generate(NOW),
        name: "hook".to_owned(),
        kind: ChannelKind::Webhook { url: "http://127.0.0.1/".to_owned(), signing_secret: "s".to_owned() },
        events: vec![],
        enabled: true,
        health: ChannelHealth { failing_since, disabled: None },
        created_at: NOW,
    }
}

#[test]
fn a_channel_that_is_full_takes_no_place_from_another() {
    let rooms = Rooms::default();
    let (full, other) = (channel(None), channel(None));
    let mut places: Vec<_> = (0..CONCURRENT).map(|_| rooms.enter(&full).expect("a place")).collect();
    assert!(rooms.enter(&full).is_none());
    assert!(rooms.enter(&other).is_some());
    places.pop();
    assert!(rooms.enter(&full).is_some(), "a place is free again when its attempt ends");
    drop(places);
    assert!(rooms.0.lock().expect("not poisoned").is_empty(), "nobody is remembered who sends nothing");
}

#[test]
fn a_channel_that_fails_is_asked_by_one_message_at_a_time() {
    let rooms = Rooms::default();
    let failing = channel(Some(NOW));
    let place = rooms.enter(&failing);
    assert!(place.is_some() && rooms.enter(&failing).is_none());
    drop(place);
    assert!(rooms.enter(&failing).is_some());
}
