//! Chooses receivers by CEL rules over attributes and facts.
//!
//! ```json
//! {"rules": [{"when": "attributes['file.media-type'] == 'text/csv' && double(facts['sum.amount']) > 10000.0",
//!             "to": ["globex/large-orders"]},
//!            {"when": "'globex' in receivers", "to": ["globex"]}],
//!  "match": "first", "default": ["initech"]}
//! ```
//!
//! A rule sees `transfer` (its id), `attributes` and `facts` (maps of texts; `'x' in facts` asks whether there is one)
//! and `receivers` (the agreed ones). On streams it sees `record` (a JSON value, or the text) and `key` instead.

mod rule;
mod scope;

use lockgate_sdk::{Record, Route, Subject, Target, host::log};
use serde::Deserialize;

use rule::Rule;

/// The plugin.
#[derive(Debug)]
pub struct RouteByRule {
    rules: Vec<Rule>,
    all: bool,
    default: Vec<Target>,
    errors: Errors,
}

/// The binding's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    rules: Vec<rule::Written>,
    #[serde(default, rename = "match")]
    mode: Match,
    #[serde(default)]
    default: Vec<String>,
    #[serde(default)]
    errors: Errors,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Match {
    #[default]
    First,
    All,
}

/// What a rule means that cannot be evaluated.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Errors {
    /// Nobody knows where this belongs: a fault, and the binding's failure mode decides.
    #[default]
    Stop,
    /// It does not apply.
    Skip,
}

lockgate_sdk::export!(route: RouteByRule);

impl Route for RouteByRule {
    type Settings = Settings;

    fn configure(settings: Settings) -> Result<Self, String> {
        let rules = settings.rules.into_iter().enumerate().map(|(index, rule)| Rule::new(index, rule));
        Ok(Self {
            rules: rules.collect::<Result<_, _>>()?,
            all: settings.mode == Match::All,
            default: rule::targets(&settings.default)?,
            errors: settings.errors,
        })
    }

    fn decide(&mut self, subject: &Subject) -> Vec<Target> {
        self.choose(&scope::of_subject(subject))
    }

    fn assign(&mut self, record: &Record<'_>) -> Vec<Target> {
        self.choose(&scope::of_record(record))
    }
}

impl RouteByRule {
    fn choose(&self, scope: &cel::Context<'_, '_>) -> Vec<Target> {
        let mut chosen = Vec::<Target>::new();
        for (index, rule) in self.rules.iter().enumerate() {
            match rule.applies(scope) {
                Ok(false) => continue,
                Ok(true) => {
                    for target in &rule.to {
                        if !chosen.contains(target) {
                            chosen.push(target.clone());
                        }
                    }
                }
                Err(error) => {
                    log::warn(&format!("rule {} cannot be evaluated: {error}", index + 1));
                    assert!(self.errors == Errors::Skip, "a rule cannot be evaluated");
                    continue;
                }
            }
            if !self.all {
                return chosen;
            }
        }
        if chosen.is_empty() { self.default.clone() } else { chosen }
    }
}
