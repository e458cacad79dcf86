//! Notifications in GraphQL.

use async_graphql::{Enum, ID, Object};
use lockgate_core::notification as core;
use lockgate_core::time::Timestamp;

#[derive(Debug, Clone)]
pub(super) struct Notification(pub(super) core::Notification);

/// Telling one event through one notify binding. Each message that the binding composes is a notification of its own.
#[Object]
impl Notification {
    /// Its id, `ntf_...`. The `webhook-id` that the other side sees is this and the message's number: `ntf_..._0`.
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// What happened, such as `transfer.rejected`.
    async fn event(&self) -> &'static str {
        self.0.event.kind.name()
    }

    /// Where it stands.
    async fn state(&self) -> NotificationState {
        self.0.state.into()
    }

    /// How many of its messages were taken.
    async fn sent(&self) -> u32 {
        self.0.sent
    }

    /// The names of the channels that its messages go to.
    async fn channels(&self) -> Vec<&str> {
        self.0.messages.iter().map(|message| message.channel.as_str()).collect()
    }

    /// Attempts at the message under way.
    async fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// When the next attempt is due, while there is one. Nothing while it waits for a channel that fails to take another
    /// message.
    async fn due_at(&self) -> Option<Timestamp> {
        (self.0.state == core::NotificationState::Scheduled && self.0.waits.is_none()).then_some(self.0.due_at)
    }

    /// What the last failed attempt said.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }

    /// When it last changed.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::NotificationState")]
pub(super) enum NotificationState {
    /// To be composed by its plugin.
    Pending,
    /// Composed; an attempt is due.
    Scheduled,
    /// Every message was taken.
    Sent,
    /// The plugin had nothing to say or failed; transfers never wait for notifications.
    Skipped,
    /// Given up.
    DeadLettered,
}
