//! What a record says: CloudEvents headers in binary mode, and the pointer that stands for a large payload.

use lockgate_core::destination::KafkaOptions;
use lockgate_core::ports::Consigned;
use lockgate_core::time::rfc3339;
use rdkafka::message::{Header, OwnedHeaders};
use serde_json::json;

use crate::link::payload_url;
use crate::template::fill;

const TYPE: &str = "com.lockgate.consignment.delivered";
const POINTER: &str = "application/vnd.lockgate.pointer+json";

pub(super) fn headers(consigned: &Consigned, inline: bool, options: &KafkaOptions) -> OwnedHeaders {
    let content_type = if inline { consigned.payload.media_type.as_str() } else { POINTER };
    let pairs = [
        ("content-type", content_type.to_owned()),
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", consigned.delivery.key()),
        ("ce_type", TYPE.to_owned()),
        ("ce_source", format!("/partners/{}", consigned.sender)),
        ("ce_subject", consigned.transfer.to_string()),
        ("ce_time", rfc3339(consigned.delivery.created_at)),
        ("lockgate-consignment", consigned.delivery.consignment.to_string()),
        ("lockgate-file-name", consigned.file_name.clone()),
        ("lockgate-sha256", consigned.payload.digest.hex()),
    ];
    let replay = consigned.delivery.replay_of.map(|original| ("lockgate-replay-of", original.to_string()));
    let trace = consigned.trace.0.iter().map(|trace| ("traceparent", trace.clone()));
    let ours = pairs.into_iter().chain(replay).chain(trace).map(|(key, value)| (key.to_owned(), value));
    let theirs = options.headers.iter().map(|(key, template)| (key.clone(), fill(template, consigned)));
    ours.chain(theirs).fold(OwnedHeaders::new(), |headers, (key, value)| {
        headers.insert(Header { key: &key, value: Some(value.as_bytes()) })
    })
}

/// Where to fetch the payload and how to check it. The URL names the delivery: since it was judged anew it may carry other
/// bytes than its consignment.
pub(super) fn pointer(consigned: &Consigned, public_url: Option<&str>) -> Vec<u8> {
    let Consigned { transfer, delivery, payload, file_name, .. } = consigned;
    let id = delivery.id;
    let url = public_url.map(|base| format!("{}?delivery={id}", payload_url(base, *transfer)));
    let pointer = json!({
        "transfer": transfer,
        "consignment": delivery.consignment,
        "delivery": id,
        "url": url,
        "file_name": file_name,
        "size": payload.size,
        "sha256": payload.digest.hex(),
        "media_type": payload.media_type,
    });
    pointer.to_string().into_bytes()
}
