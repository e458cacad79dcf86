//! Notifying: a notify binding composes messages about an event, a channel takes them one after the other. Nothing ever
//! waits for a notification, so a plugin that fails is passed over; and no message waits for another one's channel. A channel
//! that fails is asked by one message at a time, of all hosts together; the others are parked.

use std::time::Duration;

use tracing::Instrument;

use super::{Abort, Pipeline, seat};
use crate::change::Change;
use crate::claim::Claim;
use crate::fault::Fault;
use crate::id::PartnerId;
use crate::notification::{Event, Message, Notification, NotificationState};
use crate::policy::Binding;
use crate::ports::{Notice, PluginError};
use crate::retry::spread;
use crate::state::{ADOPTIONS, NotificationMove, Stamp, notification as state};
use crate::time::Timestamp;

/// The most messages about one event through one binding.
const MESSAGES: usize = 10;

impl Pipeline {
    pub(super) async fn notify(&self, claim: &Claim, notification: &Notification) -> Result<Change, Abort> {
        let wanted = if notification.adoptions >= ADOPTIONS {
            skip("three hosts ended while they worked on it")
        } else if notification.state == NotificationState::Pending {
            if notification.is_suspect() {
                self.ports.store.suspect(claim).await?;
            }
            self.compose(notification).await?
        } else {
            self.send(claim, notification).await?
        };
        let stamp = Stamp::of_claim(claim, self.ports.clock.now());
        Ok(state::apply(notification, wanted, &stamp)?)
    }

    async fn compose(&self, notification: &Notification) -> Result<NotificationMove, Abort> {
        let revision = self.ports.store.revision(notification.revision).await?;
        let bindings = revision.map(|it| it.bindings).unwrap_or_default();
        let Some(binding) = bindings.into_iter().find(|it| it.id == notification.binding) else {
            return Ok(skip("its binding does not exist any more"));
        };
        let event = self.told(&notification.event).await?;
        let mut answer = self.ask_for_messages(&binding, &event).await;
        if matches!(answer, Err(PluginError::Fault(Fault::Deadline { .. }))) {
            answer = self.ask_for_messages(&binding, &event).await;
        }
        match answer {
            Ok(messages) if messages.len() > MESSAGES => {
                Ok(skip(&format!("the plugin composed {} messages, more than the {MESSAGES} allowed", messages.len())))
            }
            Ok(messages) => self.heard(notification, messages).await,
            Err(PluginError::Busy) => Err(Abort::Retry("no sandbox was free for a notification".to_owned())),
            Err(PluginError::Host(why)) => Err(Abort::Retry(why)),
            Err(error @ (PluginError::Fault(_) | PluginError::Quarantined { .. })) => {
                tracing::warn!(binding.name = binding.name, notification.id = %notification.id, "A notify plugin failed.");
                Ok(skip(&super::report::sentence(&error.to_string())))
            }
        }
    }

    /// A time at least so far away and at most twice as far, so that those who wait for the same do not come together.
    pub(super) fn later(&self, notification: &Notification, pause: Duration) -> Timestamp {
        let spread = 1.0 + spread(notification.id.uuid(), notification.attempts);
        self.ports.clock.now() + pause.mul_f64(spread)
    }

    /// Leaves out what goes to channels that are not told of such events. Channels that do not exist are found out when
    /// their message is sent: until then one may have been made.
    async fn heard(&self, notification: &Notification, messages: Vec<Message>) -> Result<NotificationMove, Abort> {
        if messages.is_empty() {
            return Ok(NotificationMove::Compose(messages));
        }
        let names: Vec<_> = messages.iter().map(|it| it.channel.clone()).collect();
        let channels = self.ports.store.channels(notification.speaker(), &names).await?;
        let deaf = |name: &str| channels.iter().any(|it| it.name == name && !it.hears_of(&notification.event));
        let heard: Vec<_> = messages.into_iter().filter(|it| !deaf(&it.channel)).collect();
        if heard.is_empty() {
            return Ok(skip("its channels are not told of such events"));
        }
        Ok(NotificationMove::Compose(heard))
    }

    async fn ask_for_messages(&self, binding: &Binding, event: &Event) -> Result<Vec<Message>, PluginError> {
        let span = seat::span(binding);
        let answer = self.ports.runner.notify(binding, event).instrument(span.clone()).await;
        if let Err(PluginError::Fault(fault) | PluginError::Quarantined { last: fault, .. }) = &answer {
            span.record("plugin.fault", fault.kind());
        }
        answer
    }

    /// The event with the partners' names beside their ids, as people write messages.
    async fn told(&self, event: &Event) -> Result<Event, Abort> {
        let mut event = event.clone();
        for key in ["sender", "receiver"] {
            let id = event.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.parse::<PartnerId>());
            if let Some(Ok(id)) = id
                && let Some(partner) = self.ports.store.partner(id).await?
            {
                event.attributes.push((format!("{key}.slug"), partner.slug));
                event.attributes.push((format!("{key}.name"), partner.name));
            }
        }
        event.attributes.push(("transfer".to_owned(), event.transfer.to_string()));
        Ok(event)
    }

    async fn send(&self, claim: &Claim, notification: &Notification) -> Result<NotificationMove, Abort> {
        let Some(message) = notification.next_message() else {
            return Ok(skip("it has no message left to send"));
        };
        let channel = match self.ports.store.channel(notification.speaker(), &message.channel).await? {
            Some(channel) if channel.enabled => channel,
            Some(_) => return Ok(skip("its channel is disabled")),
            None => return Ok(skip("its channel does not exist")),
        };
        let asks = channel.health.failing_since.is_some();
        if asks && !self.ports.store.ask(channel.id, notification.id).await? {
            return Ok(NotificationMove::Park { channel: channel.id });
        }
        let span = tracing::Span::current();
        let begun = self.ports.clock.now();
        let notice = Notice {
            notification: notification.id,
            index: notification.sent,
            event: notification.event.kind.name(),
            transfer: notification.event.transfer,
            channel: channel.clone(),
            message: message.clone(),
            happened_at: notification.event.at,
            at: begun,
            trace: self.onward(&span, &notification.trace),
        };
        let answer = self.ports.messenger.send(&notice).instrument(span).await;
        let number = notification.attempts + 1;
        let work = notification.id.uuid();
        let (attempt, next) = self.attempted(claim, work, number, begun, answer.into(), &self.settings.notifications);
        let fares = channel.health.after(&attempt.answer, self.ports.clock.now(), self.settings.channel_patience);
        let tells = asks || fares != channel.health;
        Ok(NotificationMove::Attempt { attempt, next, channel: tells.then_some((channel, fares)) })
    }
}

fn skip(reason: &str) -> NotificationMove {
    NotificationMove::Skip { reason: reason.to_owned() }
}
