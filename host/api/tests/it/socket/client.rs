//! A WebSocket client on a connection in memory: no port, and no time but the test's own.

use axum::http::Request;
use axum::{Extension, Router};
use futures::{SinkExt, StreamExt};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use lockgate_api::ClientAddress;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::house::House;

pub(super) struct Client(WebSocketStream<DuplexStream>);

impl Client {
    pub(super) async fn connect(house: &House) -> Self {
        Self::open(house.router.clone(), Some("graphql-transport-ws")).await
    }

    pub(super) async fn connect_without_protocol(house: &House) -> Self {
        Self::open(house.router.clone(), None).await
    }

    /// Connects from that address.
    pub(super) async fn connect_from(house: &House, address: &str) -> Self {
        let address = ClientAddress(address.parse().expect("an address"));
        Self::open(house.router.clone().layer(Extension(address)), Some("graphql-transport-ws")).await
    }

    async fn open(router: Router, protocol: Option<&str>) -> Self {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        let service = TowerToHyperService::new(router);
        tokio::spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection_with_upgrades(TokioIo::new(theirs), service).await;
        });
        let mut request = Request::get("ws://lockgate.example/graphql/ws")
            .header("host", "lockgate.example")
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        if let Some(protocol) = protocol {
            request = request.header("sec-websocket-protocol", format!("graphql-ws, {protocol}"));
        }
        let connected = tokio_tungstenite::client_async(request.body(()).expect("a request"), ours).await;
        Self(connected.expect("an upgrade").0)
    }

    pub(super) async fn greeted(house: &House, token: &str) -> Self {
        let mut client = Self::connect(house).await;
        client.init(token).await;
        assert_eq!(client.hear().await, json!({ "type": "connection_ack" }));
        client
    }

    pub(super) async fn init(&mut self, token: &str) {
        let payload = json!({ "authorization": format!("Bearer {token}") });
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
    }

    pub(super) async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id, "payload": payload })).await;
    }

    pub(super) async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub(super) async fn send_text(&mut self, text: &str) {
        // The host may have ended it already; what it said is still to be heard.
        let _ = self.0.send(Message::text(text)).await;
    }

    /// Says bytes that may be no frame at all.
    pub(super) async fn send_raw(&mut self, bytes: &[u8]) {
        let _ = self.0.get_mut().write_all(bytes).await;
    }

    /// Leaves without a word, and hears none until the line ends.
    pub(super) async fn hears_nothing_more(mut self) {
        self.0.get_mut().shutdown().await.expect("it was open");
        let mut said = vec![];
        let _ = self.0.get_mut().read_to_end(&mut said).await;
        assert_eq!(said, b"", "a close frame to a line that is gone");
    }

    /// The next message; pings in between are answered.
    pub(super) async fn hear(&mut self) -> Value {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("expected a message: {other:?}"),
            }
        }
    }

    /// The next answer of that subscription.
    pub(super) async fn next(&mut self, id: &str) -> Value {
        let heard = self.hear().await;
        assert_eq!((&heard["type"], &heard["id"]), (&json!("next"), &json!(id)), "{heard}");
        heard
    }

    /// Waits until everything said was heard, and nothing came back.
    pub(super) async fn settled(&mut self) {
        self.send(json!({ "type": "ping" })).await;
        assert_eq!(self.hear().await, json!({ "type": "pong" }));
    }

    /// How the host ends it.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                Some(Ok(_)) => {}
                other => panic!("expected a close: {other:?}"),
            }
        }
    }

    pub(super) async fn leave(mut self) {
        self.0.close(None).await.expect("it was open");
    }
}
