//! The body of a message: `{type, timestamp, data}`, with the transfer and where its payload is, and small whatever was
//! composed.

use lockgate_core::notification::Message;
use lockgate_core::ports::Notice;
use lockgate_core::time::rfc3339;
use serde_json::{Map, Value, json};

use crate::link::payload_url;

/// Standard Webhooks asks for less; large things are fetched, not pushed.
const LARGEST: usize = 20_000;
/// A title that has to make room keeps so many characters.
const SHORT_TITLE: usize = 200;
/// What stands at the end of a text that was cut.
const ELLIPSIS: char = '…';

/// The message as JSON. What a plugin composed as JSON is the data, or the whole body when it has that shape already. What
/// is too large is cut, which `cut` says: of a text the end is missing, of JSON all of it.
pub(super) fn body(notice: &Notice, public_url: Option<&str>) -> Result<Vec<u8>, String> {
    let Notice { message, .. } = notice;
    let link = link(notice, public_url);
    let composed = is_json(&message.media_type).then(|| serde_json::from_str::<Value>(&message.text));
    let whole = match &composed {
        Some(Ok(value)) if is_shaped(value) => value.clone(),
        Some(Ok(data)) => envelope(notice, linked(data.clone(), link.clone())),
        Some(Err(_)) => return Err("the composed message says that it is JSON and is not".to_owned()),
        None => envelope(notice, linked(text(message, &message.title, &message.text), link.clone())),
    };
    let whole = whole.to_string();
    if whole.len() < LARGEST {
        return Ok(whole.into_bytes());
    }
    let cut = match composed {
        Some(Ok(mut value)) if is_shaped(&value) => {
            value["data"] = marked(link);
            value
        }
        Some(_) => envelope(notice, marked(link)),
        None => {
            let title = shortened(&message.title, SHORT_TITLE);
            let around = envelope(notice, linked(text(message, &title, ""), marked(link.clone()))).to_string().len();
            let room = LARGEST.saturating_sub(around + 1 + ELLIPSIS.len_utf8());
            let text = text(message, &title, &fitting(&message.text, room));
            envelope(notice, linked(text, marked(link)))
        }
    };
    let cut = cut.to_string().into_bytes();
    if cut.len() >= LARGEST {
        return Err(format!("the composed message has {} bytes; webhooks carry less than {LARGEST}", whole.len()));
    }
    Ok(cut)
}

fn envelope(notice: &Notice, data: Value) -> Value {
    json!({ "type": notice.event, "timestamp": rfc3339(notice.happened_at), "data": data })
}

fn text(message: &Message, title: &str, text: &str) -> Value {
    json!({ "title": title, "text": text, "media_type": message.media_type })
}

/// Which transfer it is about, and where its payload is for whoever may read it.
fn link(notice: &Notice, public_url: Option<&str>) -> Value {
    let mut link = Map::from_iter([("transfer".to_owned(), json!(notice.transfer))]);
    link.extend(public_url.map(|base| ("url".to_owned(), json!(payload_url(base, notice.transfer)))));
    Value::Object(link)
}

/// The data with what it did not say itself. Data that is no object has no place for it.
fn linked(mut data: Value, link: Value) -> Value {
    if let (Value::Object(data), Value::Object(link)) = (&mut data, link) {
        for (name, value) in link {
            data.entry(name).or_insert(value);
        }
    }
    data
}

fn marked(mut link: Value) -> Value {
    link["cut"] = json!(true);
    link
}

fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}{ELLIPSIS}", &text[..end]),
        None => text.to_owned(),
    }
}

/// As much of the text as takes so many bytes in JSON, where some characters are written longer than they are.
fn fitting(text: &str, room: usize) -> String {
    let mut left = room;
    let fits = |char: &char| {
        let written = json!(char).to_string().len() - 2;
        let fits = written <= left;
        left = left.saturating_sub(written);
        fits
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    if kept.len() < text.len() {
        kept.push(ELLIPSIS);
    }
    kept
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
