//! What the settings say.

use lockgate_sdk::{
    Subject,
    csv::{Column, Dialect},
};
use serde::Deserialize;

use crate::action::Action;

/// The binding's settings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub(crate) framing: Option<Framing>,
    pub(crate) dialect: Option<Dialect>,
    #[serde(default)]
    kinds: Kinds,
    #[serde(default)]
    fields: Vec<WrittenField>,
}

/// How the payload is cut.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Framing {
    Bytes,
    #[default]
    Lines,
    Csv,
    Json,
    Whole,
}

impl Framing {
    /// What the host tells.
    pub(crate) fn told(subject: &Subject) -> Option<Self> {
        match subject.attribute("framing") {
            Some("bytes") => Some(Self::Bytes),
            Some("lines") => Some(Self::Lines),
            Some("csv") => Some(Self::Csv),
            Some("json") => Some(Self::Json),
            Some("whole") => Some(Self::Whole),
            _ => (!subject.preamble().is_empty()).then_some(Self::Csv),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kinds {
    card: Option<Action>,
    iban: Option<Action>,
    email: Option<Action>,
    phone: Option<Action>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenField {
    column: Option<Column>,
    pointer: Option<String>,
    mask: Action,
}

/// A value to mask whatever it says, and the index of its action.
#[derive(Debug)]
pub(crate) enum Field {
    Column(Column, usize),
    /// A JSON pointer's tokens; `*` stands for any.
    Pointer(Vec<String>, usize),
}

impl Field {
    /// What the notes call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Column(column, _) => format!("column {column}"),
            Self::Pointer(tokens, _) => tokens.iter().map(|token| format!("/{token}")).collect(),
        }
    }
}

impl Settings {
    /// The kinds to find, the fields to mask, and the actions of both.
    pub(crate) fn parts(&self) -> Result<(Vec<String>, Vec<Field>, Vec<Action>), String> {
        let Kinds { card, iban, email, phone } = &self.kinds;
        let (mut kinds, mut actions) = (Vec::new(), Vec::new());
        for (kind, action) in [("card", card), ("iban", iban), ("email", email), ("phone", phone)] {
            if let Some(action) = action {
                kinds.push(kind.to_owned());
                actions.push(action.clone());
            }
        }
        let mut fields = Vec::with_capacity(self.fields.len());
        for field in &self.fields {
            let action = actions.len();
            fields.push(match (&field.column, &field.pointer) {
                (Some(column), None) => Field::Column(column.clone(), action),
                (None, Some(pointer)) => {
                    Field::Pointer(pointer.split('/').skip(1).map(str::to_owned).collect(), action)
                }
                _ => return Err("each of `fields` has either a `column` or a `pointer`".to_owned()),
            });
            actions.push(field.mask.clone());
        }
        if actions.is_empty() {
            return Err("nothing is to be masked: name at least one of `kinds` or `fields`".to_owned());
        }
        Ok((kinds, fields, actions))
    }
}
