//! Validates each JSON value against a JSON Schema 2020-12.
//!
//! ```json
//! {"schema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}, "severity": "hold"}
//! ```
//!
//! Rules are named `schema-<keyword>`, such as `schema-required`. Findings carry the JSON pointer of the value and its
//! bytes; messages never quote values. What is no JSON is refused as `json-syntax`, at the byte where reading ended.
//! References to schemas elsewhere are an error of the settings: a plugin fetches nothing.

#[cfg(target_arch = "wasm32")]
mod random;
mod syntax;

use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use lockgate_sdk::{Batch, Finding, Findings, Record, Severity, Validate, json};
use serde::Deserialize;
use serde_json::Value;

/// The plugin.
#[derive(Debug)]
pub struct ValidateJson {
    schema: Validator,
    severity: Severity,
}

/// The binding's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    schema: Value,
    #[serde(default)]
    severity: Violation,
    #[serde(default = "yes")]
    formats: bool,
}

fn yes() -> bool {
    true
}

/// How bad a violation is.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Violation {
    Note,
    Hold,
    #[default]
    Refuse,
}

lockgate_sdk::export!(validate: ValidateJson);

impl Validate for ValidateJson {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        // This engine's time grows with the text only; the one with lookaround can be made to run for ever.
        let schema = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .offline()
            .should_validate_formats(settings.formats)
            .with_pattern_options(PatternOptions::regex())
            .build(&settings.schema)
            .map_err(|error| format!("the schema is wrong at `{}`: {error}", error.instance_path()))?;
        let severity = match settings.severity {
            Violation::Note => Severity::Note,
            Violation::Hold => Severity::Hold,
            Violation::Refuse => Severity::Refuse,
        };
        Ok(Self { schema, severity })
    }

    fn check(&mut self, batch: &Batch, findings: &mut Findings) {
        for record in batch.records() {
            match serde_json::from_slice::<Value>(record.bytes()) {
                Ok(value) => self.check_value(&record, &value, findings),
                Err(error) => findings.push(syntax::finding(&record, &error)),
            }
        }
    }
}

impl ValidateJson {
    fn check_value(&self, record: &Record<'_>, value: &Value, findings: &mut Findings) {
        // Most values are fine, and to say so costs far less than to look for all violations.
        if self.schema.is_valid(value) {
            return;
        }
        for error in self.schema.iter_errors(value) {
            findings.push_with(|| self.violation(record, &error));
        }
    }

    fn violation(&self, record: &Record<'_>, error: &ValidationError<'_>) -> Finding {
        let pointer = error.instance_path().as_str();
        let range = json::locate(record.bytes(), pointer).unwrap_or(0..record.bytes().len());
        let rule = format!("schema-{}", kebab(error.kind().keyword()));
        let message = error.masked_with("the value").to_string();
        Finding::new(self.severity, rule, message).at(record, range).pointer(pointer)
    }
}

/// `maxLength` as the name of a rule: `max-length`.
fn kebab(keyword: &str) -> String {
    let mut name = String::with_capacity(keyword.len() + 2);
    for letter in keyword.chars() {
        if letter.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(if letter == '$' { '-' } else { letter.to_ascii_lowercase() });
    }
    name
}
