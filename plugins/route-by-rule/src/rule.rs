//! One rule: a compiled condition, and where it leads.

use std::fmt;

use cel::{Context, Program, Value};
use lockgate_sdk::Target;
use serde::Deserialize;

/// As the settings have it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    when: String,
    to: Vec<String>,
}

/// A rule that compiled.
pub(crate) struct Rule {
    when: Program,
    pub(crate) to: Vec<Target>,
}

impl Rule {
    pub(crate) fn new(index: usize, written: Written) -> Result<Self, String> {
        let when = Program::compile(&written.when).map_err(|errors| {
            let first = errors.errors.first();
            let place = first.map(|error| format!("line {}, column {}: ", error.pos.0, error.pos.1));
            let reason = first.map_or_else(|| errors.to_string(), |error| error.msg.clone());
            format!("rule {}: `when` is no CEL: {}{reason}", index + 1, place.unwrap_or_default())
        })?;
        Ok(Self { when, to: targets(&written.to)? })
    }

    /// Whether it applies, or why that cannot be said.
    pub(crate) fn applies(&self, scope: &Context<'_, '_>) -> Result<bool, String> {
        match self.when.execute(scope) {
            Ok(Value::Bool(applies)) => Ok(applies),
            Ok(other) => Err(format!("it is neither true nor false, but a {}", other.type_of())),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rule").field("to", &self.to).finish_non_exhaustive()
    }
}

/// `receiver` or `receiver/destination`.
pub(crate) fn targets(written: &[String]) -> Result<Vec<Target>, String> {
    let target = |text: &String| match text.split_once('/') {
        None if !text.is_empty() => Ok(Target::receiver(text.as_str())),
        Some((receiver, destination)) if !receiver.is_empty() && !destination.is_empty() => {
            Ok(Target::destination(receiver, destination))
        }
        _ => Err(format!("`{text}` is neither `receiver` nor `receiver/destination`")),
    };
    written.iter().map(target).collect()
}
