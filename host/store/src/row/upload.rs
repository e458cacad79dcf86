//! Uploads in their table.

use lockgate_core::id::{PartnerId, TransferId, UploadId};
use lockgate_core::time::Timestamp;
use lockgate_core::upload::{Upload, UploadProgress};
use sqlx::types::{Json, Uuid};

use crate::column::unsigned;
use crate::error::Failure;

/// The columns of an upload.
#[derive(Debug)]
pub(crate) struct UploadRow {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) transfer: Option<Uuid>,
    pub(crate) assembles: Option<Vec<Uuid>>,
    pub(crate) sender: Uuid,
    pub(crate) length: Option<i64>,
    pub(crate) received: i64,
    pub(crate) metadata: Option<String>,
    pub(crate) once: bool,
    pub(crate) progress: Json<UploadProgress>,
    pub(crate) expires_at: Timestamp,
    pub(crate) complete: bool,
}

macro_rules! uploads {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::UploadRow,
            $head
                + r#" t.id, t.version, t.transfer, t.assembles, t.sender, t.length, t.received,
                t.metadata, t.once, t.progress as "progress: crate::doc::Progress",
                t.expires_at, t.complete "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<UploadRow> for Upload {
    type Error = Failure;

    fn try_from(row: UploadRow) -> Result<Self, Failure> {
        Ok(Self {
            id: UploadId::from_uuid(row.id),
            version: row.version,
            transfer: row.transfer.map(TransferId::from_uuid),
            assembles: row.assembles.unwrap_or_default().into_iter().map(UploadId::from_uuid).collect(),
            sender: PartnerId::from_uuid(row.sender),
            length: row.length.map(unsigned).transpose()?,
            offset: unsigned(row.received)?,
            metadata: row.metadata,
            once: row.once,
            progress: row.progress.0,
            expires_at: row.expires_at,
            complete: row.complete,
        })
    }
}
