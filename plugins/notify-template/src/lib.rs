//! Writes messages about events from templates (minijinja, the language of Jinja).
//!
//! ```json
//! {"messages": [{"events": ["transfer.rejected", "delivery.*"], "channel": "operations",
//!                "title": "{{ file.name }} was rejected",
//!                "text": "Transfer {{ id }} of {{ sender|default('unknown') }}: {{ reason }}"}]}
//! ```
//!
//! A template sees `id`, `kind`, `attributes` (by full name) and every attribute by its dotted name, such as
//! `file.name`; what an event does not have is empty. A template that does not parse, or uses a filter that does not
//! exist, is an error of the settings, told with its line.

mod scope;
mod template;

use lockgate_sdk::{Event, Message, Notify, host::log};
use serde::Deserialize;

use template::Template;

/// The plugin.
#[derive(Debug)]
pub struct NotifyTemplate {
    messages: Vec<(Written, Template)>,
}

/// The binding's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    messages: Vec<Written>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    events: Vec<String>,
    channel: String,
    title: String,
    text: String,
    #[serde(default = "plain")]
    media_type: String,
}

fn plain() -> String {
    "text/plain".to_owned()
}

lockgate_sdk::export!(notify: NotifyTemplate);

impl Notify for NotifyTemplate {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        let compiled = settings.messages.into_iter().enumerate().map(|(index, written)| {
            let template = Template::new(&written.title, &written.text, &written.media_type)
                .map_err(|error| format!("message {}: {error}", index + 1))?;
            Ok((written, template))
        });
        Ok(Self { messages: compiled.collect::<Result<_, String>>()? })
    }

    fn compose(&mut self, event: &Event) -> Vec<Message> {
        let scope = scope::of(event);
        let mut messages = Vec::new();
        for (written, template) in self.messages.iter().filter(|(written, _)| written.wants(&event.kind)) {
            match template.render(&scope) {
                Ok((title, text)) => messages.push(Message {
                    channel: written.channel.clone(),
                    title,
                    media_type: written.media_type.clone(),
                    text,
                }),
                // The other messages about this event must still go out.
                Err(error) => log::warn(&format!("the message for {} could not be written: {error}", written.channel)),
            }
        }
        messages
    }
}

impl Written {
    fn wants(&self, kind: &str) -> bool {
        self.events.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => wanted == kind,
        })
    }
}
