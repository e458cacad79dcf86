//! How words, numbers and documents stand in columns.

use lockgate_core::digest::Digest;
use lockgate_core::policy::Owner;
use lockgate_core::{id::PartnerId, trace::TraceContext};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::{Json, Uuid};

use crate::error::Failure;

/// A unit variant's name on the wire, as the check constraints of the tables list them.
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String, Failure> {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => Ok(word),
        other => Err(Failure::broken(format!("not one word: {other:?}"))),
    }
}

/// Reads such a name.
pub(crate) fn from_word<T: DeserializeOwned>(what: &'static str, word: &str) -> Result<T, Failure> {
    serde_json::from_value(Value::from(word)).map_err(|_| Failure::broken(format!("`{word}` is not a known {what}")))
}

/// A document as Postgres can hold it: jsonb has no U+0000, so it becomes U+FFFD, visibly.
pub(crate) fn document<T: Serialize>(value: &T) -> Result<Value, Failure> {
    let mut value = serde_json::to_value(value).map_err(|error| Failure::broken(error.to_string()))?;
    clean(&mut value);
    Ok(value)
}

/// The same for a document that may be absent.
pub(crate) fn optional_document<T: Serialize>(value: Option<&T>) -> Result<Option<Value>, Failure> {
    value.map(document).transpose()
}

/// The same in place.
pub(crate) fn clean(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(members) => {
            if members.keys().any(|key| key.contains('\0')) {
                *members = std::mem::take(members).into_iter().map(|(k, v)| (k.replace('\0', "\u{fffd}"), v)).collect();
            }
            members.values_mut().for_each(clean);
        }
        _ => {}
    }
}

/// The same for text.
pub(crate) fn text(value: &str) -> String {
    value.replace('\0', "\u{fffd}")
}

/// The same for text that may be absent.
pub(crate) fn optional_text(value: Option<&String>) -> Option<String> {
    value.map(|it| text(it))
}

/// A size or count as bigint.
pub(crate) fn bigint(value: u64) -> Result<i64, Failure> {
    i64::try_from(value).map_err(|_| Failure::broken(format!("{value} is too large for the database")))
}

/// A count as integer.
pub(crate) fn integer(value: u32) -> Result<i32, Failure> {
    i32::try_from(value).map_err(|_| Failure::broken(format!("{value} is too large for the database")))
}

/// A page's or sweep's size as bigint.
pub(crate) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A bigint that is never negative.
pub(crate) fn unsigned(value: i64) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::broken(format!("{value} is negative")))
}

/// An integer that is never negative.
pub(crate) fn small(value: i32) -> Result<u32, Failure> {
    u32::try_from(value).map_err(|_| Failure::broken(format!("{value} is negative")))
}

/// A digest column.
pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, Failure> {
    Digest::from_slice(bytes).ok_or_else(|| Failure::broken("a digest has not 32 bytes"))
}

/// An owner column: null is the house.
pub(crate) fn owner(column: Option<Uuid>) -> Owner {
    column.map_or(Owner::House, |id| Owner::Partner(PartnerId::from_uuid(id)))
}

/// The owner column of an owner.
pub(crate) fn of_owner(owner: Owner) -> Option<Uuid> {
    owner.partner().map(PartnerId::uuid)
}

/// A trace column.
pub(crate) const fn trace(column: Option<String>) -> TraceContext {
    TraceContext(column)
}

/// The document inside a jsonb column.
pub(crate) fn inside<T>(column: Option<Json<T>>) -> Option<T> {
    column.map(|Json(it)| it)
}
