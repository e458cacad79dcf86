//! Who is asked, and by how many.

use time::macros::datetime;

use super::Probes;
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
fn a_channel_that_fails_is_asked_by_one_message_at_a_time() {
    let probes = Probes::default();
    let (failing, other) = (channel(Some(NOW)), channel(Some(NOW)));
    let probe = probes.begin(&failing);
    assert!(probe.is_some() && probes.begin(&failing).is_none());
    assert!(probes.begin(&other).is_some(), "another one is not concerned");
    drop(probe);
    assert!(probes.begin(&failing).is_some());
    assert!(probes.0.lock().expect("not poisoned").is_empty(), "nobody is remembered who is not asked");
}

#[test]
fn a_channel_that_takes_messages_is_sent_many_at_once() {
    let (probes, well) = (Probes::default(), channel(None));
    let all: Vec<_> = std::iter::repeat_with(|| probes.begin(&well)).take(20).collect();
    assert!(all.iter().all(Option::is_some));
}
