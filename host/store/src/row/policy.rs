//! Plugin versions, policies and revisions in their tables.

use lockgate_core::id::{PluginId, PolicyId, RevisionId};
use lockgate_core::plugin::{Manifest, PluginVersion};
use lockgate_core::policy::{Binding, Policy, Revision};
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::column::{digest, from_word, owner, small, unsigned};
use crate::error::Failure;

/// The columns of a plugin version.
#[derive(Debug)]
pub(crate) struct PluginRow {
    /// Orders lists of versions; not part of what it stands for.
    pub(crate) id: Uuid,
    pub(crate) plugin: Uuid,
    pub(crate) owner: Option<Uuid>,
    pub(crate) digest: Vec<u8>,
    pub(crate) size: i64,
    pub(crate) manifest: Json<Manifest>,
    pub(crate) published_at: Timestamp,
}

macro_rules! plugins {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::PluginRow,
            r#"select t.id, t.plugin, t.owner, t.digest, t.size,
                t.manifest as "manifest: crate::doc::Manifest",
                t.published_at from plugin_versions t "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<PluginRow> for PluginVersion {
    type Error = Failure;

    fn try_from(row: PluginRow) -> Result<Self, Failure> {
        Ok(Self {
            plugin: PluginId::from_uuid(row.plugin),
            owner: owner(row.owner),
            digest: digest(&row.digest)?,
            size: unsigned(row.size)?,
            manifest: row.manifest.0,
            published_at: row.published_at,
        })
    }
}

/// The columns of a policy.
#[derive(Debug)]
pub(crate) struct PolicyRow {
    pub(crate) id: Uuid,
    pub(crate) owner: Option<Uuid>,
    pub(crate) side: String,
}

impl TryFrom<PolicyRow> for Policy {
    type Error = Failure;

    fn try_from(row: PolicyRow) -> Result<Self, Failure> {
        Ok(Self { id: PolicyId::from_uuid(row.id), owner: owner(row.owner), side: from_word("side", &row.side)? })
    }
}

/// The columns of a policy revision.
#[derive(Debug)]
pub(crate) struct RevisionRow {
    pub(crate) id: Uuid,
    pub(crate) policy: Uuid,
    pub(crate) owner: Option<Uuid>,
    pub(crate) side: String,
    pub(crate) number: i32,
    pub(crate) rollout: String,
    pub(crate) bindings: Json<Vec<Binding>>,
    pub(crate) note: String,
    pub(crate) author: String,
    pub(crate) created_at: Timestamp,
    pub(crate) activated_at: Option<Timestamp>,
}

macro_rules! revisions {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::RevisionRow,
            $head
                + r#" t.id, t.policy, t.owner, t.side, t.number, t.rollout,
                t.bindings as "bindings: crate::doc::Bindings",
                t.note, t.author, t.created_at, t.activated_at "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<RevisionRow> for Revision {
    type Error = Failure;

    fn try_from(row: RevisionRow) -> Result<Self, Failure> {
        Ok(Self {
            id: RevisionId::from_uuid(row.id),
            policy: PolicyId::from_uuid(row.policy),
            owner: owner(row.owner),
            side: from_word("side", &row.side)?,
            number: small(row.number)?,
            rollout: from_word("rollout", &row.rollout)?,
            bindings: row.bindings.0,
            note: row.note,
            author: row.author,
            created_at: row.created_at,
            activated_at: row.activated_at,
        })
    }
}
