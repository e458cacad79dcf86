//! How a command looks on the wire: JSON with CloudEvents attributes (binary mode) and the W3C trace context as headers.

use lockgate_core::command::{Command, Ring, RungCommand};
use rdkafka::Message;
use rdkafka::message::{Header, OwnedHeaders};

/// A command as a Kafka record.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// The aggregate's UUID: one aggregate's commands stay in order.
    pub(crate) key: String,
    /// The command as JSON.
    pub(crate) value: Vec<u8>,
    /// CloudEvents attributes and `traceparent`.
    pub(crate) headers: OwnedHeaders,
}

/// The record is not a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// There is nothing in it.
    #[error("it has no value")]
    Empty,
    /// What is in it is not a command.
    #[error("its value is not a command: {0}")]
    Json(#[from] serde_json::Error),
}

/// Wraps a command.
pub(crate) fn wrap(command: &Command) -> Envelope {
    let id = format!("{}/{}", command.work, command.version);
    let kind = format!("lockgate.command.{}", command.work.kind());
    let subject = command.work.to_string();
    let mut headers = OwnedHeaders::new_with_capacity(7);
    for (key, value) in [
        ("ce_specversion", "1.0"),
        ("ce_id", id.as_str()),
        ("ce_source", "/lockgate/relay"),
        ("ce_type", kind.as_str()),
        ("ce_subject", subject.as_str()),
        ("content-type", "application/json"),
    ] {
        headers = headers.insert(Header { key, value: Some(value) });
    }
    if let Some(parent) = command.trace.0.as_deref() {
        headers = headers.insert(Header { key: "traceparent", value: Some(parent) });
    }
    Envelope {
        key: command.work.uuid().to_string(),
        value: serde_json::to_vec(command).expect("a command has no map keys and no failing serializer"),
        headers,
    }
}

/// Reads a command and where it was.
pub(crate) fn unwrap(message: &impl Message) -> Result<RungCommand, Malformed> {
    let command = serde_json::from_slice(message.payload().ok_or(Malformed::Empty)?)?;
    let ring = Ring { topic: message.topic().to_owned(), partition: message.partition(), offset: message.offset() };
    Ok(RungCommand { command, ring })
}

#[cfg(test)]
mod tests;
