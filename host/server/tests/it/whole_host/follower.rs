//! Somebody who follows a subscription over a real WebSocket.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

/// Longer than anything takes that comes at all.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Follower(WebSocketStream<TcpStream>);

impl Follower {
    /// Connects to a host, says who it is, subscribes, and waits until it is followed.
    pub(super) async fn subscribe(api: &str, token: &str, query: &str) -> Self {
        let address = api.strip_prefix("http://").expect("an HTTP address");
        let stream = TcpStream::connect(address).await.expect("the host listens");
        let request = http::Request::get(format!("ws://{address}/graphql/ws"))
            .header("host", address)
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", "graphql-transport-ws")
            .body(())
            .expect("a request");
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("an upgrade");
        let mut follower = Self(socket);
        let payload = json!({ "authorization": format!("Bearer {token}") });
        follower.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(follower.hear().await, json!({ "type": "connection_ack" }));
        follower.say(json!({ "type": "subscribe", "id": "1", "payload": { "query": query } })).await;
        follower.say(json!({ "type": "ping" })).await;
        assert_eq!(follower.hear().await, json!({ "type": "pong" }), "the subscription was not refused");
        follower
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("the host reads");
    }

    async fn hear(&mut self) -> Value {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("something comes in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a message: {other:?}"),
            }
        }
    }

    /// The first data of which this is true.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut heard = self.hear().await;
            assert_eq!(heard["type"], "next", "{heard}");
            let data = heard["payload"]["data"].take();
            if wanted(&data) {
                return data;
            }
        }
    }

    /// How the host ends it, after so many messages.
    pub(super) async fn closed(&mut self) -> (usize, u16) {
        let mut messages = 0;
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("the end comes in time") {
                Some(Ok(Message::Close(Some(frame)))) => return (messages, frame.code.into()),
                Some(Ok(Message::Text(_))) => messages += 1,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a close: {other:?}"),
            }
        }
    }
}
