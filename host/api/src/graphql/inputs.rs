//! Inputs: whatever is wrong with a value is said with its place, as one of twenty fields is.
//!
//! The executor knows places only while it checks a document, and of a scalar it asks no more there than whether a value
//! fits. So scalars say so there, and what each of them wants is added to the sentence.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use async_graphql::registry::{MetaType, Registry};
use async_graphql::{ID, InputType, InputValueError, InputValueResult, Value};
use lockgate_core::code::Code;
use lockgate_core::id::InvalidId;
use lockgate_core::time::Timestamp;

use super::scalars::WHOLE;
use crate::failure::Failure;

/// How the sentence about a wrong value begins; its place follows in quotation marks.
pub(super) const WRONG: &str = "Invalid value for argument";

/// What scalars want, by their names.
const WANTED: [(&str, &str); 3] = [
    ("DateTime", "a moment as RFC 3339 has it, such as 2026-01-31T09:30:00Z"),
    ("Int", "a whole number from 0 to 2147483647"),
    ("Long", WHOLE),
];

/// Registered with a schema, it lets the scalars that are read as something narrower be asked in its check.
pub(super) struct Strict;

impl Strict {
    fn ask(registry: &mut Registry, name: &str, fits: fn(&Value) -> bool) {
        if let Some(MetaType::Scalar { is_valid, .. }) = registry.types.get_mut(name) {
            *is_valid = Some(Arc::new(fits));
        }
    }
}

impl InputType for Strict {
    type RawValueType = Self;

    fn type_name() -> Cow<'static, str> {
        "Strict".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Self::ask(registry, "DateTime", |value| <Timestamp as InputType>::parse(Some(value.clone())).is_ok());
        // Whatever counts something is not negative, and GraphQL's `Int` ends before `u32` does.
        Self::ask(
            registry,
            "Int",
            |value| matches!(value, Value::Number(number) if number.as_u64().is_some_and(|it| i32::try_from(it).is_ok())),
        );
        Self::qualified_type_name()
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value.unwrap_or_default()))
    }

    fn to_value(&self) -> Value {
        Value::Null
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// The check's sentence about a wrong value, with what its scalar wants.
pub(super) fn explained(message: &str) -> Option<String> {
    let (_, kind) = message.strip_suffix('"')?.rsplit_once("expected type \"")?;
    let (_, wanted) = WANTED.iter().find(|(name, _)| *name == kind)?;
    Some(format!("{message}: {wanted}"))
}

/// An id of the wanted kind, given at that place.
pub(super) fn id<T: FromStr<Err = InvalidId>>(place: impl Display, id: &ID) -> Result<T, Failure> {
    id.parse::<T>().map_err(|error| wrong_id(place, error))
}

/// What stands at that place is not an id of the wanted kind.
pub(super) fn wrong_id(place: impl Display, why: impl Display) -> Failure {
    Failure::new(Code::InvalidId, format!("{WRONG} \"{place}\", {why}"))
}
