//! What the settings say.

use lockgate_sdk::{
    Subject,
    csv::{Column, Dialect, Header},
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

/// What the settings come to.
#[derive(Debug)]
pub(crate) struct Parts {
    /// What the host is asked to find; kind `i` meets action `i`.
    pub(crate) kinds: Vec<String>,
    pub(crate) fields: Vec<Field>,
    /// Those of the kinds, then those of the fields.
    pub(crate) actions: Vec<Action>,
}

impl Settings {
    /// Gives every kind and field its action.
    pub(crate) fn parts(&self) -> Result<Parts, String> {
        let Kinds { card, iban, email, phone } = &self.kinds;
        let mut parts = Parts { kinds: Vec::new(), fields: Vec::new(), actions: Vec::new() };
        for (kind, action) in [("card", card), ("iban", iban), ("email", email), ("phone", phone)] {
            if let Some(action) = action {
                parts.kinds.push(kind.to_owned());
                parts.actions.push(action.clone());
            }
        }
        for field in &self.fields {
            let action = parts.actions.len();
            parts.fields.push(match (&field.column, &field.pointer) {
                (Some(column), None) => Field::Column(column.clone(), action),
                (None, Some(pointer)) => {
                    Field::Pointer(pointer.split('/').skip(1).map(str::to_owned).collect(), action)
                }
                _ => return Err("each of `fields` has either a `column` or a `pointer`".to_owned()),
            });
            parts.actions.push(field.mask.clone());
        }
        if parts.actions.is_empty() {
            return Err("nothing is to be masked: name at least one of `kinds` or `fields`".to_owned());
        }
        Ok(parts)
    }
}

impl Parts {
    /// The columns of a file with this header that are masked whatever they say, with the indices of their actions.
    pub(crate) fn columns(&self, header: &Header) -> Vec<(usize, usize)> {
        let column = |field: &Field| match field {
            Field::Column(column, action) => header.find(column).map(|index| (index, *action)),
            Field::Pointer(..) => None,
        };
        self.fields.iter().filter_map(column).collect()
    }
}
