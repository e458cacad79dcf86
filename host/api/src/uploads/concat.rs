//! `Upload-Concat`: an upload that is a part of others, or one that is assembled from such parts.

use http::{HeaderMap, HeaderName, HeaderValue};
use lockgate_core::code::Code;
use lockgate_core::id::UploadId;
use lockgate_core::upload::Upload;

use crate::failure::Failure;

const CONCAT: HeaderName = HeaderName::from_static("upload-concat");

/// What a creation request says about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Concat {
    /// Nothing: an upload of its own.
    No,
    /// A part of another one.
    Partial,
    /// Assembled from these, in this order.
    Final(Vec<UploadId>),
}

/// Reads the header. Parts are named by their URLs, whole or as paths; whose they are is seen later.
pub(crate) fn read(headers: &HeaderMap) -> Result<Concat, Failure> {
    let Some(value) = headers.get(CONCAT) else { return Ok(Concat::No) };
    let wrong = |what: &str| Failure::new(Code::UploadMetadataInvalid, format!("`Upload-Concat` {what}"));
    let text = value.to_str().map_err(|_| wrong("is not ASCII"))?.trim();
    if text == "partial" {
        return Ok(Concat::Partial);
    }
    let urls = text.strip_prefix("final;").ok_or_else(|| wrong("is neither `partial` nor `final;` and URLs"))?;
    if headers.contains_key("upload-length") || headers.contains_key("upload-defer-length") {
        return Err(wrong("with `final` excludes a length: it is that of the parts"));
    }
    let ids = urls.split_ascii_whitespace().map(|url| {
        let id = url.rsplit_once("/uploads/").and_then(|(_, id)| id.parse().ok());
        id.ok_or_else(|| Failure::unseen(Code::UploadNotFound))
    });
    Ok(Concat::Final(ids.collect::<Result<_, _>>()?))
}

/// Says the same again for `HEAD`. Where an assembled upload stands means nothing to a client until it is complete.
pub(crate) fn write(upload: &Upload, url: impl Fn(UploadId) -> String, headers: &mut HeaderMap) {
    if upload.transfer.is_none() {
        headers.insert(CONCAT, HeaderValue::from_static("partial"));
    }
    if upload.assembles.is_empty() {
        return;
    }
    let urls: Vec<_> = upload.assembles.iter().map(|id| url(*id)).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("final;{}", urls.join(" "))) {
        headers.insert(CONCAT, value);
    }
    if !upload.complete {
        headers.remove("upload-offset");
    }
}
