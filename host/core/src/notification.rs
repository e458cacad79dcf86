//! Notifications: telling one event through one notify binding, and the channels they go to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::delivery::Answer;
use crate::destination::Disabled;
use crate::id::{BindingId, ChannelId, EventId, NotificationId, PartnerId, RevisionId, TransferId};
use crate::policy::Owner;
use crate::state::ADOPTIONS;
use crate::time::Timestamp;
use crate::trace::TraceContext;
use crate::transfer::Version;

/// Something that happened to a transfer, told to one partner within what it may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// What happened.
    pub kind: EventKind,
    /// To which transfer.
    pub transfer: TransferId,
    /// To whom it is told.
    pub partner: PartnerId,
    /// Details that this partner may see: `file.name`, `sender`, `receiver`, `reason`, ...
    pub attributes: Vec<(String, String)>,
    /// When it happened.
    pub at: Timestamp,
}

impl Event {
    /// A detail by its name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What may be notified.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventKind { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl EventKind {
            /// The name on the wire, such as `transfer.rejected`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads a name from the wire.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

event_kinds! {
    /// The bytes are safe.
    TransferReceived "transfer.received";
    /// The sender's side passed.
    TransferAccepted "transfer.accepted";
    /// A person must look.
    TransferHeld "transfer.held";
    /// Refused on the sender's side.
    TransferRejected "transfer.rejected";
    /// Every consignment is settled.
    TransferFinished "transfer.finished";
    /// A receiver's person must look.
    ConsignmentHeld "consignment.held";
    /// Refused on the receiver's side.
    ConsignmentRejected "consignment.rejected";
    /// Passed the receiver's side.
    ConsignmentReleased "consignment.released";
    /// Arrived at every destination.
    ConsignmentDelivered "consignment.delivered";
    /// Given up at some destination.
    ConsignmentDeadLettered "consignment.dead-lettered";
    /// A host turned a destination off.
    DestinationDisabled "destination.disabled";
    /// A host turned a channel off; the others are told.
    ChannelDisabled "channel.disabled";
}

impl EventKind {
    /// Whether it is among those that somebody chose; an empty choice is all.
    pub fn is_among(self, chosen: &[Self]) -> bool {
        chosen.is_empty() || chosen.contains(&self)
    }
}

/// A message that asks a failing channel and says nothing for so long no longer keeps others from asking.
pub const ASKING: Duration = Duration::from_secs(120);
/// For so long a channel that failed is left alone by those that wait for it, if nobody asks it for other reasons.
pub const LEFT_ALONE: Duration = Duration::from_secs(10);

/// A notification as the store remembers it; unique per event, binding and part.
#[derive(Debug, Clone, PartialEq)]
pub struct Notification {
    /// Its id; with the message's number it is the `webhook-id` that the receiver sees.
    pub id: NotificationId,
    /// Its version, the fencing token.
    pub version: Version,
    /// Where it stands.
    pub state: NotificationState,
    /// What happened.
    pub event: Event,
    /// Whose policy tells it.
    pub owner: Owner,
    /// Under which revision.
    pub revision: RevisionId,
    /// Through which binding.
    pub binding: BindingId,
    /// Which of the messages that the binding composed about the event; the first one is there before them all.
    pub part: u32,
    /// What the plugin composed; empty until then.
    pub messages: Vec<Message>,
    /// How many of the messages were taken.
    pub sent: u32,
    /// When the next attempt is due.
    pub due_at: Timestamp,
    /// Attempts at the message under way.
    pub attempts: u32,
    /// The failing channel that it waits for while another message asks it; nobody looks at it until that one is well, or
    /// was left alone for a while.
    pub waits: Option<ChannelId>,
    /// What the last failed attempt said.
    pub last_error: Option<String>,
    /// How often another host took it over.
    pub adoptions: u32,
    /// The trace it belongs to.
    pub trace: TraceContext,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Notification {
    /// The message that is sent next, if one is left.
    pub fn next_message(&self) -> Option<&Message> {
        self.messages.get(self.sent as usize)
    }

    /// Through whose channels it is told. The house has none of its own: it speaks through those of whom the event
    /// concerns.
    pub fn speaker(&self) -> PartnerId {
        self.owner.partner().unwrap_or(self.event.partner)
    }

    /// Whether one more host that dies while composing it has it passed over. That it began is then written down before:
    /// many wait in a host's memory, and what only waited killed nobody.
    pub const fn is_suspect(&self) -> bool {
        self.adoptions + 1 >= ADOPTIONS
    }
}

/// Where a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotificationState {
    /// To be composed by its plugin.
    Pending,
    /// Composed; attempts are due at `due_at`.
    Scheduled,
    /// Every message was taken.
    Sent,
    /// The plugin had nothing to say or failed; transfers never wait for notifications.
    Skipped,
    /// The schedule is exhausted or the channel refused for good.
    DeadLettered,
}

/// What a notify plugin composed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The name of one of the owner's channels.
    pub channel: String,
    /// A line.
    pub title: String,
    /// What `text` is.
    pub media_type: String,
    /// The message.
    pub text: String,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// Whose it is.
    pub partner: PartnerId,
    /// Its name, unique within the partner.
    pub name: String,
    /// What it is and where.
    pub kind: ChannelKind,
    /// Of which events it is told; of all when empty.
    pub events: Vec<EventKind>,
    /// Whether messages are sent.
    pub enabled: bool,
    /// How it fares.
    pub health: ChannelHealth,
    /// When it was created.
    pub created_at: Timestamp,
}

/// How a channel fares: what a host knows of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelHealth {
    /// Since when it takes nothing.
    pub failing_since: Option<Timestamp>,
    /// Why and when a host turned it off.
    pub disabled: Option<Disabled>,
    /// Whether messages wait for it that are rung for when it takes one.
    pub waited_for: bool,
}

impl ChannelHealth {
    /// How it fares after an answer. One that says that it is gone, or that took nothing for that long, is turned off. An
    /// answer that is not the channel's (a message that cannot be sent, a secret that cannot be had) says nothing of it.
    pub fn after(&self, answer: &Answer, at: Timestamp, patience: Duration) -> Self {
        if answer.health().is_none() {
            return self.clone();
        }
        let since = self.failing_since.unwrap_or(at);
        let disabled = |reason: String| Some(Disabled { reason, at });
        match answer {
            Answer::Taken { .. } => Self::default(),
            Answer::Refused { disable: true, error, .. } => {
                Self { failing_since: Some(since), disabled: disabled(error.clone()), ..*self }
            }
            Answer::Failed { .. } | Answer::Refused { .. } if at - since >= patience => {
                let days = patience.as_secs() / (24 * 60 * 60);
                let reason = format!("it took no message for {days} days");
                Self { failing_since: Some(since), disabled: disabled(reason), ..*self }
            }
            Answer::Failed { .. } | Answer::Refused { .. } => {
                Self { failing_since: Some(since), disabled: None, ..*self }
            }
        }
    }
}

impl Channel {
    /// Whether it is told of an event. None is told that it was itself turned off.
    pub fn hears_of(&self, event: &Event) -> bool {
        let own =
            event.kind == EventKind::ChannelDisabled && event.attribute("channel.id") == Some(&self.id.to_string());
        !own && event.kind.is_among(&self.events)
    }
}

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum ChannelKind {
    /// Standard Webhooks 1.0.
    Webhook {
        /// Where to.
        url: String,
        /// The partner's secret that signs.
        signing_secret: String,
    },
}

#[cfg(test)]
mod tests;
