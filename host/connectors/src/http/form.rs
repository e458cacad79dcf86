//! How the payload stands in a request: alone, as a part of a form, or as the data of a CloudEvent.

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Builder;
use lockgate_core::destination::HttpForm;
use lockgate_core::ports::{ByteStream, Consigned};
use lockgate_core::time::rfc3339;
use serde_json::json;

use crate::egress::Outgoing;
use crate::file_name::{content_disposition, header_value};

/// The request's headers about its body, and the body.
pub(super) fn wrap(form: HttpForm, request: Builder, consigned: &Consigned, bytes: ByteStream) -> (Builder, Outgoing) {
    let size = consigned.payload.size;
    match form {
        HttpForm::Raw => {
            let request = request
                .header(CONTENT_TYPE, media_type(consigned))
                .header(CONTENT_LENGTH, size)
                .header(CONTENT_DISPOSITION, content_disposition(&consigned.file_name));
            (request, Outgoing::stream(bytes, size))
        }
        HttpForm::CloudEvent => {
            let request = request
                .header(CONTENT_TYPE, media_type(consigned))
                .header(CONTENT_LENGTH, size)
                .header("ce-specversion", "1.0")
                .header("ce-id", consigned.delivery.key())
                .header("ce-type", "com.lockgate.consignment.delivered")
                .header("ce-source", format!("/partners/{}", consigned.sender))
                .header("ce-subject", consigned.transfer.to_string())
                .header("ce-time", rfc3339(consigned.delivery.created_at))
                .header("lockgate-file-name", header_value(&consigned.file_name));
            (request, Outgoing::stream(bytes, size))
        }
        HttpForm::Multipart => multipart(request, consigned, bytes),
    }
}

/// Two parts, whose length is known before the first byte. The boundary holds the payload's digest: no payload can hold
/// it but by breaking SHA-256.
fn multipart(request: Builder, consigned: &Consigned, bytes: ByteStream) -> (Builder, Outgoing) {
    let boundary = format!("lockgate-{}", &consigned.payload.digest.hex()[..48]);
    let metadata = json!({
        "delivery": consigned.delivery.key(),
        "transfer": consigned.transfer,
        "consignment": consigned.delivery.consignment,
        "sender": consigned.sender,
        "file_name": consigned.file_name,
        "size": consigned.payload.size,
        "sha256": consigned.payload.digest.hex(),
        "media_type": consigned.payload.media_type,
    });
    let disposition = content_disposition(&consigned.file_name);
    let disposition = disposition.trim_start_matches("attachment; ");
    let kind = media_type(consigned);
    let kind = kind.to_str().unwrap_or("application/octet-stream");
    let before = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"metadata\"\r\ncontent-type: application/json\r\n\r\n\
         {metadata}\r\n--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; {disposition}\r\n\
         content-type: {kind}\r\n\r\n"
    );
    let after = format!("\r\n--{boundary}--\r\n");
    let size = consigned.payload.size + (before.len() + after.len()) as u64;
    let whole = |text: String| stream::iter([Ok(Bytes::from(text))]);
    let body: ByteStream = Box::pin(whole(before).chain(bytes).chain(whole(after)));
    let request =
        request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}")).header(CONTENT_LENGTH, size);
    (request, Outgoing::stream(body, size))
}

fn media_type(consigned: &Consigned) -> HeaderValue {
    HeaderValue::from_str(&consigned.payload.media_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}
