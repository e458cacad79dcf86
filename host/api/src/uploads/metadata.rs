//! `Upload-Metadata`: pairs of a key and a Base64 value, which name the transfer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use lockgate_core::code::Code;

use crate::failure::Failure;

/// What a creation request says of its transfer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// The receivers' ids or slugs.
    pub(crate) to: Vec<String>,
    pub(crate) filename: String,
    pub(crate) filetype: String,
    pub(crate) idempotency_key: Option<String>,
    /// The header itself, for `HEAD`.
    pub(crate) sent: Option<String>,
}

/// Reads the header; keys that are not ours are passed over, as clients send their own.
pub(crate) fn read(headers: &HeaderMap) -> Result<Metadata, Failure> {
    let wrong = |what: String| Failure::new(Code::UploadMetadataInvalid, what);
    let sent = sent(headers)?;
    let mut metadata = Metadata::default();
    let mut seen = Vec::new();
    for pair in sent.iter().flat_map(|it| it.split(',')).map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, encoded) = pair.split_once(' ').unwrap_or((pair, ""));
        if seen.contains(&key) {
            return Err(wrong(format!("`Upload-Metadata` has the key `{}` twice", short(key))));
        }
        seen.push(key);
        let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let value = decoded.ok_or_else(|| {
            wrong(format!("the value of `{}` in `Upload-Metadata` is not Base64 of UTF-8", short(key)))
        })?;
        match key {
            "to" => metadata.to = receivers(&value),
            "filename" | "name" => metadata.filename = value,
            "filetype" | "type" => metadata.filetype = value,
            "idempotency-key" => metadata.idempotency_key = Some(value),
            _ => {}
        }
    }
    if metadata.to.is_empty() || metadata.filename.is_empty() {
        let missing = if metadata.to.is_empty() { "to" } else { "filename" };
        return Err(wrong(format!("`Upload-Metadata` lacks `{missing}`")));
    }
    Ok(Metadata { sent, ..metadata })
}

/// The header as it came; several are one.
pub(crate) fn sent(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let lines: Result<Vec<_>, _> = headers.get_all("upload-metadata").iter().map(HeaderValue::to_str).collect();
    let lines = lines.map_err(|_| Failure::new(Code::UploadMetadataInvalid, "`Upload-Metadata` is not ASCII"))?;
    Ok((!lines.is_empty()).then(|| lines.join(",")))
}

/// Receivers separated by commas or blanks.
pub(crate) fn receivers(text: &str) -> Vec<String> {
    text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What the header would have said of a transfer that was announced without it.
pub(crate) fn write(filename: &str, filetype: &str) -> String {
    format!("filename {},filetype {}", STANDARD.encode(filename), STANDARD.encode(filetype))
}

fn short(key: &str) -> String {
    key.chars().take(40).collect()
}
