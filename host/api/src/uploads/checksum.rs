//! `Upload-Checksum`: an algorithm and the Base64 of a digest over one request's bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use lockgate_core::code::Code;
use lockgate_core::intake::Checksum;

use crate::failure::Failure;

/// The checksum that the request carries, if it carries one.
pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Checksum>, Failure> {
    let Some(value) = headers.get("upload-checksum") else { return Ok(None) };
    let unsupported = || {
        let offered = Checksum::ALGORITHMS;
        Failure::new(Code::UploadChecksumUnsupported, format!("`Upload-Checksum` needs one of {offered} and Base64"))
    };
    let text = value.to_str().map_err(|_| unsupported())?;
    let (algorithm, digest) = text.trim().split_once(' ').ok_or_else(unsupported)?;
    let digest = STANDARD.decode(digest.trim()).map_err(|_| unsupported())?;
    Checksum::from_parts(algorithm, &digest).map(Some).ok_or_else(unsupported)
}
