//! What plugins compose becomes a body that receivers know.

use lockgate_core::id::{ChannelId, NotificationId, PartnerId, TransferId};
use lockgate_core::notification::{Channel, ChannelHealth, ChannelKind, Message};
use lockgate_core::ports::Notice;
use lockgate_core::trace::TraceContext;
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use super::body;

const TRANSFER: &str = "trf_019aa1b2c3d47e5f8a9b0c1d2e3f4a5b";

fn composed(media_type: &str, text: &str) -> Result<Value, String> {
    titled("Rejected", media_type, text)
}

fn titled(title: &str, media_type: &str, text: &str) -> Result<Value, String> {
    let at = datetime!(2026-11-06 08:49:37 UTC);
    let notice = Notice {
        notification: NotificationId::generate(at),
        index: 0,
        event: "transfer.rejected",
        transfer: TRANSFER.parse::<TransferId>().expect("an id"),
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
            title: title.to_owned(),
            media_type: media_type.to_owned(),
            text: text.to_owned(),
        },
        happened_at: at,
        // The attempt is another matter: a message may have waited for days.
        at: at + time::Duration::days(4),
        trace: TraceContext::default(),
    };
    body(&notice, Some("https://gate.example/")).map(|body| {
        assert!(body.len() < 20_000, "{}", body.len());
        serde_json::from_slice(&body).expect("the body is JSON")
    })
}

fn url() -> String {
    format!("https://gate.example/transfers/{TRANSFER}/payload")
}

#[test]
fn text_is_wrapped_with_its_title() {
    let expected = json!({
        "type": "transfer.rejected", "timestamp": "2026-11-06T08:49:37Z",
        "data": {
            "title": "Rejected", "text": "line 3", "media_type": "text/plain", "transfer": TRANSFER, "url": url(),
        },
    });
    assert_eq!(composed("text/plain", "line 3"), Ok(expected));
}

#[test]
fn json_is_the_data() {
    let body = composed("application/json; charset=utf-8", r#"{"line":3}"#).expect("it is JSON");
    let data = json!({ "line": 3, "transfer": TRANSFER, "url": url() });
    assert_eq!((body["type"].as_str(), &body["data"]), (Some("transfer.rejected"), &data));
}

#[test]
fn what_a_plugin_says_itself_stays_as_it_is() {
    let body = composed("application/json", r#"{"url":"https://erp.example/7"}"#).expect("it is JSON");
    assert_eq!((&body["data"]["url"], &body["data"]["transfer"]), (&json!("https://erp.example/7"), &json!(TRANSFER)));
    let body = composed("application/json", "[1,2]").expect("it is JSON");
    assert_eq!(body["data"], json!([1, 2]), "no place for more");
}

#[test]
fn json_that_has_the_shape_already_is_the_body() {
    let text = r#"{"type":"custom","timestamp":"2026-01-01T00:00:00Z","data":{}}"#;
    assert_eq!(composed("application/json", text).expect("it is JSON")["type"], "custom");
}

#[test]
fn broken_json_is_refused() {
    assert!(composed("application/json", "{").is_err());
}

#[rstest]
#[case::plain("x")]
#[case::written_longer_than_it_is("\u{1}")]
#[case::quotes("\"")]
#[case::of_several_bytes("größe 🦀 ")]
fn a_text_that_is_too_large_loses_its_end_and_says_so(#[case] unit: &str) {
    let text = unit.repeat(20_000);
    let data = &composed("text/plain", &text).expect("it is cut")["data"];
    let kept = data["text"].as_str().expect("a text");
    let (kept, end) = kept.split_at(kept.len() - '…'.len_utf8());
    assert!(text.starts_with(kept) && end == "…" && kept.len() > 3_000, "{}", kept.len());
    assert_eq!((&data["cut"], &data["url"], &data["title"]), (&json!(true), &json!(url()), &json!("Rejected")));
}

#[test]
fn a_text_that_fits_is_whole() {
    let data = &composed("text/plain", &"x".repeat(19_000)).expect("it fits")["data"];
    assert_eq!((data["text"].as_str().map(str::len), data.get("cut")), (Some(19_000), None));
}

#[test]
fn a_title_makes_room_too() {
    let data = &titled(&"t".repeat(30_000), "text/plain", "line 3").expect("it is cut")["data"];
    assert_eq!((data["title"].as_str().map(|it| it.chars().count()), &data["text"]), (Some(201), &json!("line 3")));
}

#[test]
fn json_that_is_too_large_leaves_its_place_to_the_link() {
    let large = json!({ "lines": vec!["x".repeat(100); 300] });
    let link = json!({ "transfer": TRANSFER, "url": url(), "cut": true });
    assert_eq!(composed("application/json", &large.to_string()).expect("it is cut")["data"], link);
    let shaped = json!({ "type": "custom", "timestamp": "2026-01-01T00:00:00Z", "data": large });
    let body = composed("application/json", &shaped.to_string()).expect("it is cut");
    assert_eq!((&body["type"], &body["data"]), (&json!("custom"), &link));
}

#[test]
fn what_has_no_data_to_cut_is_refused() {
    let shaped = json!({ "type": "t".repeat(30_000), "timestamp": "2026-01-01T00:00:00Z", "data": {} });
    assert!(composed("application/json", &shaped.to_string()).is_err());
}
