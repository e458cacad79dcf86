//! The notify hook: turns events into messages.

use serde::de::DeserializeOwned;

/// A plugin that writes messages about events.
pub trait Notify: Sized {
    /// The binding's settings, read from JSON.
    type Settings: DeserializeOwned;

    /// Makes the plugin from its settings. Must be pure; an error is a sentence for who wrote the settings.
    fn configure(settings: Self::Settings) -> Result<Self, String>;

    /// The messages for one event; none, when it does not matter.
    fn compose(&mut self, event: &Event) -> Vec<Message>;
}

/// Something that happened, as far as the notified side may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's id.
    pub id: String,
    /// Its kind, such as `transfer.rejected`.
    pub kind: String,
    /// Names and values.
    pub attributes: Vec<(String, String)>,
}

/// A message for one of the binding's channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The channel's name.
    pub channel: String,
    /// A line of plain text.
    pub title: String,
    /// What `text` is, such as `text/plain`.
    pub media_type: String,
    /// The message.
    pub text: String,
}

/// What `export!` calls.
#[doc(hidden)]
pub mod export {
    use super::{Event, Notify};
    use crate::{Slot, bindings::notify::exports::lockgate::policy::notify};

    /// Makes the plugin.
    pub fn configure<T: Notify>(slot: &Slot<T>, settings: &str) -> Result<(), String> {
        slot.configure(settings, T::configure)
    }

    /// Writes the messages of an event.
    pub fn compose<T: Notify>(slot: &Slot<T>, event: notify::Event) -> Vec<notify::Message> {
        let attributes = event.attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect();
        let event = Event { id: event.id, kind: event.kind, attributes };
        let messages = slot.lend(|plugin| plugin.compose(&event));
        let raw = |message: super::Message| notify::Message {
            channel: message.channel,
            title: message.title,
            media_type: message.media_type,
            text: message.text,
        };
        messages.into_iter().map(raw).collect()
    }
}
