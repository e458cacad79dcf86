//! Facts: named values that a validator extracted; all that routing sees of the content.

use serde::{Deserialize, Serialize};

/// A named value, such as `rows = 812`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Its name, as the plugin gave it.
    pub name: String,
    /// Its value as text.
    pub value: String,
}
