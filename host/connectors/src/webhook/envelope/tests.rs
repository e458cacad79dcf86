//! What plugins compose becomes a body that receivers know.

use lockgate_core::id::{ChannelId, NotificationId, PartnerId};
use lockgate_core::notification::{Channel, ChannelHealth, ChannelKind, Message};
use lockgate_core::ports::Notice;
use lockgate_core::trace::TraceContext;
use serde_json::{Value, json};
use time::macros::datetime;

use super::body;

fn composed(media_type: &str, text: &str) -> Result<Value, String> {
    let at = datetime!(2026-11-06 08:49:37 UTC);
    let notice = Notice {
        notification: NotificationId::generate(at),
        index: 0,
        event: "transfer.rejected",
        channel: Channel {
            id: ChannelId::generate(at),
            partner: PartnerId::generate(at),
            name: "ops".to_owned(),
            kind: ChannelKind::Webhook { url: "https://example.com".to_owned(), signing_secret: "s".to_owned() },
            events: vec![],
            enabled: true,
            health: ChannelHealth::default(),
            created_at: at,
        },
        message: Message {
            channel: "ops".to_owned(),
            title: "Rejected".to_owned(),
            media_type: media_type.to_owned(),
            text: text.to_owned(),
        },
        at,
        trace: TraceContext::default(),
    };
    body(&notice).map(|body| serde_json::from_slice(&body).expect("the body is JSON"))
}

#[test]
fn text_is_wrapped_with_its_title() {
    let expected = json!({
        "type": "transfer.rejected", "timestamp": "2026-11-06T08:49:37Z",
        "data": { "title": "Rejected", "text": "line 3", "media_type": "text/plain" },
    });
    assert_eq!(composed("text/plain", "line 3"), Ok(expected));
}

#[test]
fn json_is_the_data() {
    let body = composed("application/json; charset=utf-8", r#"{"line":3}"#).expect("it is JSON");
    assert_eq!((body["type"].as_str(), &body["data"]), (Some("transfer.rejected"), &json!({ "line": 3 })));
}

#[test]
fn json_that_has_the_shape_already_is_the_body() {
    let text = r#"{"type":"custom","timestamp":"2026-01-01T00:00:00Z","data":{}}"#;
    assert_eq!(composed("application/json", text).expect("it is JSON")["type"], "custom");
}

#[test]
fn broken_json_and_oversize_are_refused() {
    assert!(composed("application/json", "{").is_err());
    assert!(composed("text/plain", &"x".repeat(20_000)).is_err());
    assert!(composed("text/plain", &"x".repeat(19_000)).is_ok());
}
