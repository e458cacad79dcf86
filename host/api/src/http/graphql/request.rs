//! One GraphQL request as it comes: as JSON in a body, or as parameters of a URL.

use async_graphql::{Name, Value, Variables};
use axum::body::Body;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lockgate_core::code::Code;

use super::json::Strict;
use super::media::is_utf8;
use crate::failure::Failure;
use crate::graphql::Asked;
use crate::settings::GraphqlLimits;

/// Reads the body of a POST.
pub(super) async fn read(headers: &HeaderMap, body: Body, limits: &GraphqlLimits) -> Result<Asked, Failure> {
    content_type(headers)?;
    let limit = limits.body_bytes;
    match Limited::new(body, limit).collect().await {
        Ok(collected) => from_json(&collected.to_bytes(), limits),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Failure::new(Code::RequestTooLarge, format!("the request has more than {limit} bytes")))
        }
        Err(_) => Err(malformed("the request's body broke off")),
    }
}

/// Only JSON: what a form of a web page can send is refused, so that no page can ask in its visitor's name.
fn content_type(headers: &HeaderMap) -> Result<(), Failure> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("application/json"));
    let charset = parts.filter_map(|it| it.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
    if is_json && charset.is_none_or(|(_, value)| is_utf8(value.trim_matches('"'))) {
        return Ok(());
    }
    Err(Failure::new(Code::UnsupportedMediaType, "send the request as `application/json` in UTF-8"))
}

/// Reads one request from JSON.
pub(super) fn from_json(bytes: &[u8], limits: &GraphqlLimits) -> Result<Asked, Failure> {
    let value = Strict::of(limits).read(bytes)?;
    from_value(value)
}

/// Reads one request from a value, as a message of a WebSocket has it.
pub(crate) fn from_value(value: Value) -> Result<Asked, Failure> {
    let Value::Object(mut fields) = value else {
        return Err(malformed("the request is not one GraphQL request: send an object with `query`, not a list"));
    };
    let mut take = |name: &str| fields.swap_remove(name).filter(|it| *it != Value::Null);
    let mut asked = Asked {
        query: take("query").map(|it| text("query", it)).transpose()?,
        operation_name: take("operationName").map(|it| text("operationName", it)).transpose()?,
        document_id: take("documentId").map(|it| text("documentId", it)).transpose()?,
        ..Asked::default()
    };
    if let Some(variables) = take("variables") {
        asked.variables = variables_of(variables)?;
    }
    if let Some(extensions) = take("extensions") {
        extend(&mut asked, extensions)?;
    }
    complete(asked)
}

/// Reads the parameters of a GET; only queries may come this way.
pub(super) fn from_query(query: &str, limits: &GraphqlLimits) -> Result<Asked, Failure> {
    let mut asked = Asked { reads_only: true, ..Asked::default() };
    let mut seen = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if value.contains('\u{fffd}') {
            return Err(malformed(&format!("the parameter `{}` is not UTF-8", shown(&name))));
        }
        if seen.contains(&name) {
            return Err(malformed(&format!("the parameter `{}` is given twice", shown(&name))));
        }
        match &*name {
            "query" if !value.is_empty() => asked.query = Some(value.into_owned()),
            "operationName" if !value.is_empty() => asked.operation_name = Some(value.into_owned()),
            "documentId" if !value.is_empty() => asked.document_id = Some(value.into_owned()),
            "variables" if !value.is_empty() => {
                asked.variables = variables_of(Strict::of(limits).read(value.as_bytes())?)?;
            }
            "extensions" if !value.is_empty() => {
                extend(&mut asked, Strict::of(limits).read(value.as_bytes())?)?;
            }
            _ => {}
        }
        seen.push(name);
    }
    complete(asked)
}

fn complete(asked: Asked) -> Result<Asked, Failure> {
    if asked.query.is_none() && asked.document_id.is_none() {
        return Err(malformed("`query` is missing: send a document, or the id of a persisted one"));
    }
    Ok(asked)
}

fn variables_of(value: Value) -> Result<Variables, Failure> {
    match value {
        Value::Object(_) => Ok(Variables::from_value(value)),
        Value::Null => Ok(Variables::default()),
        _ => Err(malformed("`variables` is not a JSON object")),
    }
}

/// The only extension that is known is `persistedQuery`; others are for other servers.
fn extend(asked: &mut Asked, extensions: Value) -> Result<(), Failure> {
    let Value::Object(extensions) = extensions else {
        return Err(malformed("`extensions` is not a JSON object"));
    };
    let Some(Value::Object(persisted)) = extensions.get(&Name::new("persistedQuery")) else { return Ok(()) };
    let Some(Value::String(hash)) = persisted.get(&Name::new("sha256Hash")) else {
        return Err(malformed("`extensions.persistedQuery` has no text `sha256Hash`"));
    };
    if asked.document_id.as_ref().is_some_and(|id| id != hash) {
        return Err(malformed("`documentId` and `extensions.persistedQuery.sha256Hash` name different documents"));
    }
    asked.document_id = Some(hash.clone());
    Ok(())
}

fn text(name: &str, value: Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(malformed(&format!("`{name}` is not a text"))),
    }
}

fn malformed(what: &str) -> Failure {
    Failure::new(Code::QueryMalformed, what)
}

fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}
