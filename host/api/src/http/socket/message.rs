//! The messages of `graphql-transport-ws`, read strictly and written.

use async_graphql::{Name, Value};
use axum::extract::ws::Message;
use serde::Serialize;

use super::ending::Ending;
use crate::graphql::Answered;
use crate::http::graphql::Strict;
use crate::settings::GraphqlLimits;

/// What a client says.
#[derive(Debug)]
pub(super) enum Said {
    /// The beginning, with the token.
    Init(Value),
    /// Are you there?
    Ping(Value),
    /// Here I am.
    Pong,
    /// Follow this under that id.
    Subscribe(String, Value),
    /// Enough of that id.
    Complete(String),
}

impl Said {
    /// Reads a message's text.
    pub(super) fn read(text: &str, limits: &GraphqlLimits) -> Result<Self, Ending> {
        let invalid = |why: &str| Ending::new(4400, format!("Invalid message: {why}"));
        let value = Strict::of(limits).read(text.as_bytes()).map_err(|failure| invalid(&failure.message))?;
        let Value::Object(mut fields) = value else { return Err(invalid("it is not an object")) };
        let mut take = |name: &str| fields.swap_remove(&Name::new(name)).unwrap_or_default();
        let payload = take("payload");
        let id = match take("id") {
            Value::String(id) if !id.is_empty() && id.len() <= 200 => Some(id),
            _ => None,
        };
        let Value::String(kind) = take("type") else { return Err(invalid("it has no type")) };
        match (kind.as_str(), id) {
            ("connection_init", _) => Ok(Self::Init(payload)),
            ("ping", _) => Ok(Self::Ping(payload)),
            ("pong", _) => Ok(Self::Pong),
            ("subscribe", Some(id)) => Ok(Self::Subscribe(id, payload)),
            ("complete", Some(id)) => Ok(Self::Complete(id)),
            ("subscribe" | "complete", None) => Err(invalid("it has no id, or too long a one")),
            _ => Err(invalid("its type is not known")),
        }
    }
}

/// What we say.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Say<'a> {
    /// The token is good.
    ConnectionAck,
    /// Here I am.
    Pong {
        #[serde(skip_serializing_if = "is_null")]
        payload: Value,
    },
    /// An answer of a subscription.
    Next { id: &'a str, payload: &'a Answered },
    /// The subscription was refused, or cannot go on.
    Error { id: &'a str, payload: &'a [async_graphql::ServerError] },
    /// The subscription ended.
    Complete { id: &'a str },
}

fn is_null(value: &Value) -> bool {
    *value == Value::Null
}

impl From<Say<'_>> for Message {
    fn from(say: Say<'_>) -> Self {
        let text = serde_json::to_string(&say).expect("GraphQL values have string keys only");
        Self::Text(text.into())
    }
}
