//! Misbehaves as a notifier.

use lockgate_sdk::bindings::notify::exports::lockgate::policy::notify::{Event, Guest, Message};

use crate::{Crime, Hostile, commit, memory, settings};

impl Guest for Hostile {
    fn compose(_: Event) -> Vec<Message> {
        commit();
        let settings = settings();
        match settings.crime {
            Crime::MessagesFlood => (0..settings.amount(1_000_000)).map(|_| message("flood".to_owned())).collect(),
            Crime::HugeMessage => vec![message("x".repeat(settings.amount(16 << 20)))],
            Crime::BadUtf8 => vec![message(memory::bad_utf8())],
            Crime::UnknownChannel => vec![message("to a channel that does not exist".to_owned())],
            _ => Vec::new(),
        }
    }
}

fn message(text: String) -> Message {
    Message {
        channel: "no-such-channel".to_owned(),
        title: "hostile".to_owned(),
        media_type: "text/plain".to_owned(),
        text,
    }
}
