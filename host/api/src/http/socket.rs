//! `GET /graphql/ws`: subscriptions over a WebSocket, by the protocol `graphql-transport-ws`.
//!
//! The first message brings the token; nothing is executed before it was verified, and the connection ends when it
//! expires. Answers are read when they can be sent, so a slow client costs no memory.

mod connection;
mod ending;
mod message;

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use lockgate_core::code::Code;

use self::connection::Connection;
use self::ending::Ending;
use crate::ApiState;
use crate::edge::{ClientAddress, Held};
use crate::graphql::ApiSchema;
use crate::http::problem::Problem;

const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to take one message.
const SENDING: Duration = Duration::from_secs(30);
/// A message has no more bytes: enough for the longest document and its variables, and little from who is nobody yet.
const MESSAGE_BYTES: usize = 256 << 10;

/// Upgrades to a WebSocket.
pub(crate) async fn open(
    State(state): State<ApiState>,
    Extension(schema): Extension<ApiSchema>,
    address: Option<Extension<ClientAddress>>,
    held: Option<Extension<Held>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let longest = state.settings.graphql.body_bytes.min(MESSAGE_BYTES);
    match upgrade {
        Ok(upgrade) => upgrade.protocols([PROTOCOL]).max_message_size(longest).max_frame_size(longest).on_upgrade(
            async move |socket| {
                converse(socket, state, schema, address.map(|it| it.0)).await;
                drop(held);
            },
        ),
        Err(_) => Problem::new(Code::UpgradeRequired, "open a WebSocket of the protocol `graphql-transport-ws`")
            .with(header::UPGRADE, HeaderValue::from_static("websocket"))
            .into_response(),
    }
}

async fn converse(mut socket: WebSocket, state: ApiState, schema: ApiSchema, address: Option<ClientAddress>) {
    let (ending, _seat) = if socket.protocol().is_some_and(|it| it == PROTOCOL) {
        Connection::new(&mut socket, state, schema, address).run().await
    } else {
        (Ending::new(4406, "Subprotocol not acceptable: only graphql-transport-ws is spoken"), None)
    };
    tracing::debug!(websocket.code = ending.code, "A WebSocket ends: {}", ending.reason);
    let Some(code) = ending.code else { return };
    let mut reason = ending.reason;
    // What a close frame can carry.
    reason.truncate(reason.floor_char_boundary(120));
    let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    let _ = tokio::time::timeout(SENDING, socket.send(close)).await;
}
