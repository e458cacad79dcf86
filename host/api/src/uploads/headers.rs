//! The numbers and dates of tus.

use http::{HeaderMap, HeaderValue};
use lockgate_core::code::Code;
use lockgate_core::time::Timestamp;
use lockgate_core::upload::Upload;
use time::UtcOffset;
use time::macros::format_description;

use crate::failure::Failure;

/// A header that holds a whole number: digits, nothing else.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Failure> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Failure::new(Code::UploadMetadataInvalid, format!("`{name}` is not a whole number")))
}

/// The announced length: given, deferred by saying so, or an error.
pub(crate) fn length(headers: &HeaderMap) -> Result<Option<u64>, Failure> {
    let deferred = headers.get("upload-defer-length").map(|value| value.as_bytes() == b"1");
    match (number(headers, "upload-length")?, deferred) {
        (Some(length), None) => Ok(Some(length)),
        (None, Some(true)) => Ok(None),
        (Some(_), Some(_)) => Err(Failure::new(
            Code::UploadMetadataInvalid,
            "`Upload-Length` and `Upload-Defer-Length` exclude each other",
        )),
        (None, _) => {
            Err(Failure::new(Code::UploadMetadataInvalid, "give `Upload-Length`, or `Upload-Defer-Length: 1`"))
        }
    }
}

/// A date as HTTP writes it.
pub(crate) fn date(at: Timestamp) -> HeaderValue {
    let form =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    let text = at.to_offset(UtcOffset::UTC).format(&form).expect("every date has this form");
    HeaderValue::from_str(&text).expect("the form is ASCII")
}

/// Where the upload stands, as headers.
pub(crate) fn position(upload: &Upload, headers: &mut HeaderMap) {
    headers.insert("upload-offset", HeaderValue::from(upload.offset));
    if !upload.complete {
        headers.insert("upload-expires", date(upload.expires_at));
    }
}
