//! The body of a message: `{type, timestamp, data}`.

use lockgate_core::ports::Notice;
use lockgate_core::time::rfc3339;
use serde_json::{Value, json};

/// Standard Webhooks asks for less; large things are fetched, not pushed.
const LARGEST: usize = 20_000;

/// The message as JSON. What a plugin composed as JSON is the data, or the whole body when it has that shape already.
pub(super) fn body(notice: &Notice) -> Result<Vec<u8>, String> {
    let message = &notice.message;
    let composed = is_json(&message.media_type).then(|| serde_json::from_str::<Value>(&message.text));
    let body = match composed {
        Some(Ok(value)) if is_shaped(&value) => value,
        Some(Ok(data)) => envelope(notice, data),
        Some(Err(_)) => return Err("the composed message says that it is JSON and is not".to_owned()),
        None => {
            envelope(notice, json!({ "title": message.title, "text": message.text, "media_type": message.media_type }))
        }
    };
    let body = body.to_string().into_bytes();
    if body.len() >= LARGEST {
        return Err(format!("the composed message has {} bytes; webhooks carry less than {LARGEST}", body.len()));
    }
    Ok(body)
}

fn envelope(notice: &Notice, data: Value) -> Value {
    json!({ "type": notice.event, "timestamp": rfc3339(notice.at), "data": data })
}

fn is_json(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn is_shaped(value: &Value) -> bool {
    value["type"].is_string() && value["timestamp"].is_string() && !value["data"].is_null()
}

#[cfg(test)]
mod tests;
