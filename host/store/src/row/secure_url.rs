//! Secure URLs in their table, without what opens them.

use lockgate_core::id::{PartnerId, SecureUrlId};
use lockgate_core::secure_url::{Purpose, SecureUrl};
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::error::Failure;

/// The columns of a secure URL.
#[derive(Debug)]
pub(crate) struct SecureUrlRow {
    pub(crate) id: Uuid,
    pub(crate) partner: Uuid,
    pub(crate) purpose: Json<Purpose>,
    pub(crate) has_passphrase: bool,
    pub(crate) failures: i32,
    pub(crate) max_uses: i32,
    pub(crate) uses: i32,
    pub(crate) note: String,
    pub(crate) author: String,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

macro_rules! secure_urls {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::SecureUrlRow,
            r#"select t.id, t.partner, t.purpose as "purpose: crate::doc::UrlPurpose", t.has_passphrase as "has_passphrase!",
                t.failures, t.max_uses, t.uses, t.note, t.author, t.created_at, t.expires_at, t.revoked_at
               from secure_urls t "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<SecureUrlRow> for SecureUrl {
    type Error = Failure;

    fn try_from(row: SecureUrlRow) -> Result<Self, Failure> {
        let count = |number| u32::try_from(number).map_err(|_| Failure::broken("a count of a secure URL is negative"));
        Ok(Self {
            id: SecureUrlId::from_uuid(row.id),
            partner: PartnerId::from_uuid(row.partner),
            purpose: row.purpose.0,
            has_passphrase: row.has_passphrase,
            failures: count(row.failures)?,
            max_uses: count(row.max_uses)?,
            uses: count(row.uses)?,
            note: row.note,
            author: row.author,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
    }
}
