//! A setting that is never shown: not in logs, not by `lockgate config show`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const HIDDEN: &str = "(hidden)";

/// A secret setting; only [`Secret::expose`] gives the value.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Secret(String);

impl Secret {
    /// The value, at the place where it is used.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nothing was set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(unset)" } else { "Secret(..)" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(if self.0.is_empty() { "" } else { HIDDEN })
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Numbers and truth values are taken as they are written: an access key may well consist of digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Scalar {
            Text(String),
            Integer(i64),
            Natural(u64),
            Truth(bool),
        }
        Ok(Self(match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => text,
            Scalar::Integer(number) => number.to_string(),
            Scalar::Natural(number) => number.to_string(),
            Scalar::Truth(truth) => truth.to_string(),
        }))
    }
}
