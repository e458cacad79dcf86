//! A form with a file (`multipart/form-data`, RFC 7578): small fields first, then the file as a stream, never held.

mod head;

use axum::body::Body;
use bytes::Bytes;
use futures::StreamExt;
use http::{HeaderMap, header};
use lockgate_core::code::Code;
use lockgate_core::intake::{BodyError, BodyStream};
use multer::{Field, Multipart};

use self::head::{Bounded, TooLong};
use crate::failure::Failure;

/// A field's text may have so many bytes.
const LONGEST_FIELD: usize = 4 * 1024;
/// So many fields may come before the file.
const MOST_FIELDS: usize = 64;

/// A form up to its file; what follows the file is not read.
pub(crate) struct Form {
    /// The fields before the file, in their order.
    pub(crate) fields: Vec<(String, String)>,
    /// The file's name, as the form says it.
    pub(crate) file_name: String,
    /// The file's media type; empty if the form does not say.
    pub(crate) media_type: String,
    /// Its bytes.
    pub(crate) file: BodyStream,
}

/// Whether the request says that its body is such a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    boundary(headers).is_some()
}

/// Reads a form as far as its field `file`.
///
/// # Errors
///
/// When it is malformed, too much comes before the file, or there is no file.
pub(crate) async fn read(headers: &HeaderMap, body: Body) -> Result<Form, Failure> {
    let wrong = |why: String| Failure::new(Code::InvalidInput, why);
    let boundary = boundary(headers);
    let boundary = boundary.ok_or_else(|| wrong("send the form as `multipart/form-data` with a boundary".into()))?;
    let (bytes, head) = Bounded::new(body);
    let mut parts = Multipart::new(bytes, boundary);
    let mut fields = Vec::new();
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            head.ends();
            let file_name = part.file_name().unwrap_or_default().to_owned();
            let media_type = part.content_type().map(ToString::to_string).unwrap_or_default();
            return Ok(Form { fields, file_name, media_type, file: stream(part) });
        }
        let shown: String = name.chars().take(40).collect();
        if fields.len() == MOST_FIELDS {
            return Err(wrong(format!("the form has more than {MOST_FIELDS} fields before its field `file`")));
        }
        let mut value = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(broken)? {
            if value.len() + chunk.len() > LONGEST_FIELD {
                return Err(wrong(format!("the field `{shown}` has more than {LONGEST_FIELD} bytes")));
            }
            value.extend_from_slice(&chunk);
        }
        let value = String::from_utf8(value).map_err(|_| wrong(format!("the field `{shown}` is not UTF-8")))?;
        fields.push((name, value));
    }
    Err(wrong("the form has no field `file`; it must come last".into()))
}

fn broken(error: multer::Error) -> Failure {
    match error {
        multer::Error::StreamReadFailed(cause) if cause.is::<TooLong>() => {
            Failure::new(Code::RequestTooLarge, cause.to_string())
        }
        error => Failure::new(Code::InvalidInput, format!("the form breaks off: {error}")),
    }
}

fn boundary(headers: &HeaderMap) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(kind).ok()
}

/// The file's bytes; a form that ends before the file does is a connection that broke.
fn stream(part: Field<'static>) -> BodyStream {
    Box::pin(part.map(|chunk: Result<Bytes, _>| chunk.map_err(|error| BodyError(error.to_string()))))
}
