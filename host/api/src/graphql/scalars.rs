//! Scalars: numbers that outgrow GraphQL's 32-bit `Int`, and terms of the core as JSON.

use async_graphql::{InputValueError, InputValueResult, Json, Scalar, ScalarType, Value};
use lockgate_core::code::Code;
use serde::Serialize;

use crate::failure::Failure;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Long(pub(super) u64);

/// What belongs into it.
pub(super) const WHOLE: &str = "a whole number from 0 to 2^53 - 1";

const LARGEST: u64 = (1 << 53) - 1;

/// A whole number from 0 to 2^53 - 1, as a JSON number: sizes, offsets and counts outgrow `Int`.
#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_u64() {
                Some(it) if it <= LARGEST => Ok(Self(it)),
                _ => Err(InputValueError::custom(format_args!("expected {WHOLE}"))),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    /// Asked before anything runs, with the place of the value at hand for the error.
    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(number) if number.as_u64().is_some_and(|it| it <= LARGEST))
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.min(LARGEST))
    }
}

impl From<u64> for Long {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

/// Whole milliseconds of a duration.
pub(super) fn millis(duration: std::time::Duration) -> Long {
    Long(u64::try_from(duration.as_millis()).unwrap_or(LARGEST))
}

/// A term of the core as its JSON, by way of JSON's own values: the executor's know no single characters.
pub(super) fn json(term: &impl Serialize) -> Result<Json<serde_json::Value>, Failure> {
    let value = serde_json::to_value(term);
    value.map(Json).map_err(|error| Failure::new(Code::Internal, format!("a term is no JSON: {error}")))
}
