//! The legal moves of a notification.

use serde_json::json;

use crate::change::{Change, TurningOff};
use crate::claim::Aggregate;
use crate::command::Work;
use crate::delivery::{Answer, Attempt};
use crate::id::{ChannelId, NotificationId};
use crate::notification::{Channel, ChannelHealth, EventKind, Message, Notification, NotificationState};
use crate::provenance::EntryKind;
use crate::state::{IllegalMove, Stamp, change};
use crate::time::Timestamp;

/// What can be done with a notification.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a move lives for one call")]
pub enum NotificationMove {
    /// The plugin composed its messages; none means that it has nothing to say. Each is a part of its own, so that none
    /// waits for what another one's channel does.
    Compose(Vec<Message>),
    /// There is no place for it, or its channel has as much to do as it may: due again later, without counting as an attempt.
    Postpone {
        /// Until when.
        until: Timestamp,
    },
    /// Its channel fails and is asked by another message: it waits until it is rung for, without counting as an attempt.
    Park {
        /// Which.
        channel: ChannelId,
    },
    /// The plugin or channel cannot be used: the notification is skipped, with the reason.
    Skip {
        /// Why.
        reason: String,
    },
    /// An attempt at the next message was made; `next` is when another is due, if the schedule has one left.
    Attempt {
        /// The attempt with its answer.
        attempt: Attempt,
        /// When to try again.
        next: Option<Timestamp>,
        /// Its channel as it was read before, and how it fares now, if it was asked or that changed.
        channel: Option<(Channel, ChannelHealth)>,
    },
}

/// All legal moves of a notification, and nothing else.
pub fn apply(notification: &Notification, wanted: NotificationMove, stamp: &Stamp) -> Result<Change, IllegalMove> {
    use NotificationState::{Pending, Scheduled};
    match (notification.state, wanted) {
        (Pending, NotificationMove::Compose(messages)) => {
            let state = if messages.is_empty() { NotificationState::Skipped } else { Scheduled };
            let mut change = moved(notification, state, stamp);
            change.goes_on = state == Scheduled;
            let mut messages = messages.into_iter();
            set(&mut change, |next| {
                next.messages = messages.next().into_iter().collect();
                next.due_at = stamp.at;
                next.adoptions = 0;
            });
            change.notifications = (1..).zip(messages).map(|(part, it)| part_of(&change, part, it, stamp)).collect();
            Ok(change)
        }
        (state @ (Pending | Scheduled), NotificationMove::Postpone { until }) => {
            let mut change = moved(notification, state, stamp);
            set(&mut change, |next| next.due_at = until);
            Ok(change)
        }
        (Scheduled, NotificationMove::Park { channel }) => {
            let mut change = moved(notification, Scheduled, stamp);
            set(&mut change, |next| (next.waits, next.due_at) = (Some(channel), stamp.at));
            Ok(change)
        }
        (Pending | Scheduled, NotificationMove::Skip { reason }) => {
            let mut change = moved(notification, NotificationState::Skipped, stamp);
            set(&mut change, |next| (next.waits, next.last_error) = (None, Some(reason)));
            Ok(change)
        }
        (Scheduled, NotificationMove::Attempt { attempt, next, channel }) => {
            let mut change = attempted(notification, &attempt, next, stamp);
            if let Some((channel, health)) = channel {
                change.turns_off =
                    health.disabled.as_ref().map(|it| turned_off(notification, &channel, &it.reason, stamp));
                change.channel = Some((channel, health));
            }
            Ok(change)
        }
        (state, wanted) => Err(IllegalMove {
            work: Work::Notification(notification.id),
            state: name(state),
            wanted: match wanted {
                NotificationMove::Compose(_) => "composed",
                NotificationMove::Postpone { .. } => "postponed",
                NotificationMove::Park { .. } => "parked",
                NotificationMove::Skip { .. } => "skipped",
                NotificationMove::Attempt { .. } => "attempted",
            },
        }),
    }
}

/// A further part beside the first, as it is after composing.
fn part_of(change: &Change, part: u32, message: Message, stamp: &Stamp) -> Notification {
    let Aggregate::Notification(first) = &change.next else { unreachable!("a notification moves to one") };
    Notification { id: NotificationId::generate(stamp.at), version: 0, part, messages: vec![message], ..first.clone() }
}

fn attempted(it: &Notification, attempt: &Attempt, due: Option<Timestamp>, stamp: &Stamp) -> Change {
    let total = u32::try_from(it.messages.len()).unwrap_or(u32::MAX);
    let (state, error) = match (&attempt.answer, due) {
        (Answer::Taken { .. }, _) if it.sent + 1 >= total => (NotificationState::Sent, None),
        (Answer::Taken { .. }, _) => (NotificationState::Scheduled, None),
        (Answer::Failed { error, .. }, Some(_)) => (NotificationState::Scheduled, Some(error.clone())),
        (Answer::Failed { error, .. } | Answer::Refused { error, .. }, _) => {
            (NotificationState::DeadLettered, Some(error.clone()))
        }
    };
    let taken = matches!(attempt.answer, Answer::Taken { .. });
    let mut change = moved(it, state, stamp);
    if taken {
        let channel = it.messages.get(it.sent as usize).map(|message| message.channel.clone());
        let details = json!({ "event": it.event.kind.name(), "channel": channel, "notification": it.id });
        change.entries = vec![stamp.entry(EntryKind::Notified, details)];
        change.rings = state == NotificationState::Scheduled;
    }
    set(&mut change, |next| {
        next.sent += u32::from(taken);
        next.attempts = if taken { 0 } else { attempt.number };
        next.last_error = error;
        next.waits = None;
        next.due_at = if taken { stamp.at } else { due.unwrap_or(next.due_at) };
        next.adoptions = 0;
    });
    change
}

/// Tells whose channel it is, by the others that it has.
fn turned_off(it: &Notification, channel: &Channel, reason: &str, stamp: &Stamp) -> TurningOff {
    let id = channel.id.to_string();
    let about = [("channel.name", channel.name.as_str()), ("channel.id", &id), ("reason", reason)];
    let kinds = (EntryKind::ChannelDisabled, EventKind::ChannelDisabled);
    stamp.turning_off(kinds, it.event.transfer, channel.partner, about)
}

fn moved(it: &Notification, state: NotificationState, stamp: &Stamp) -> Change {
    let next = Notification { version: it.version + 1, state, updated_at: stamp.at, ..it.clone() };
    let mut change = change(it.version, Aggregate::Notification(next), it.event.transfer, stamp);
    // Composing and failing are the notification's own affair; only a message that was taken enters the provenance.
    change.entries.clear();
    change
}

fn set(change: &mut Change, edit: impl FnOnce(&mut Notification)) {
    if let Aggregate::Notification(next) = &mut change.next {
        edit(next);
    }
}

/// The state as a word in sentences and on the wire.
pub const fn name(state: NotificationState) -> &'static str {
    match state {
        NotificationState::Pending => "pending",
        NotificationState::Scheduled => "scheduled",
        NotificationState::Sent => "sent",
        NotificationState::Skipped => "skipped",
        NotificationState::DeadLettered => "dead-lettered",
    }
}
