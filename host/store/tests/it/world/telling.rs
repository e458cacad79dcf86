//! Channels, and messages that are composed and attempted.

use std::time::Duration;

use lockgate_core::change::Change;
use lockgate_core::claim::Aggregate;
use lockgate_core::command::Work;
use lockgate_core::delivery::{Answer, Attempt};
use lockgate_core::id::{AttemptId, ChannelId, NotificationId, PartnerId};
use lockgate_core::notification::{Channel, ChannelHealth, ChannelKind, Message};
use lockgate_core::ports::Registry;
use lockgate_core::state::{NotificationMove, Stamp, notification};

use super::{World, now};

/// A message to the channel of that name.
pub(crate) fn message_to(channel: &str) -> Message {
    Message { channel: channel.into(), title: "x".into(), media_type: "text/plain".into(), text: "x".into() }
}

impl World {
    /// A webhook of a partner, called `erp`.
    pub(crate) async fn channel(&self, of: PartnerId) -> Channel {
        let it = Channel {
            id: ChannelId::generate(now()),
            partner: of,
            name: "erp".into(),
            kind: ChannelKind::Webhook { url: "https://erp.example/".into(), signing_secret: "erp".into() },
            events: vec![],
            enabled: true,
            health: ChannelHealth::default(),
            created_at: now(),
        };
        self.store.add_channel(&it).await.expect("a channel");
        it
    }

    /// A first attempt that got this answer.
    pub(crate) fn attempt(&self, answer: Answer) -> Attempt {
        Attempt {
            id: AttemptId::generate(now()),
            number: 1,
            started_at: now(),
            took: Duration::from_millis(3),
            host: self.host,
            from_offset: None,
            answer,
        }
    }

    /// What a notification that is claimed for it would change.
    pub(crate) async fn moving(&self, id: NotificationId, wanted: NotificationMove) -> Change {
        let claim = self.claim(Work::Notification(id)).await;
        let Aggregate::Notification(it) = &claim.aggregate else { panic!("not a notification") };
        notification::apply(it, wanted, &Stamp::of_claim(&claim, now())).expect("a legal move")
    }
}
