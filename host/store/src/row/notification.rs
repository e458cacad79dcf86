//! Notifications in their table, each with its event.

use lockgate_core::id::{BindingId, ChannelId, EventId, NotificationId, PartnerId, RevisionId, TransferId};
use lockgate_core::notification::{Event, EventKind, Message, Notification};
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::column::{from_word, owner, small, trace};
use crate::error::Failure;

/// The columns of a notification and of its event, which has the alias `e`.
#[derive(Debug)]
pub(crate) struct NotificationRow {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: String,
    pub(crate) event: Uuid,
    pub(crate) event_kind: String,
    pub(crate) event_attributes: Json<Vec<(String, String)>>,
    pub(crate) event_at: Timestamp,
    pub(crate) transfer: Uuid,
    pub(crate) partner: Uuid,
    pub(crate) owner: Option<Uuid>,
    pub(crate) revision: Uuid,
    pub(crate) binding: Uuid,
    pub(crate) part: i32,
    pub(crate) messages: Json<Vec<Message>>,
    pub(crate) sent: i32,
    pub(crate) due_at: Timestamp,
    pub(crate) attempts: i32,
    pub(crate) waits: Option<Uuid>,
    pub(crate) last_error: Option<String>,
    pub(crate) adoptions: i32,
    pub(crate) trace: Option<String>,
    pub(crate) updated_at: Timestamp,
    pub(crate) claimed_at: Option<Timestamp>,
}

macro_rules! notifications {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::NotificationRow,
            $head
                + r#" t.id, t.version, t.state, t.event, e.kind as event_kind,
                e.attributes as "event_attributes: crate::doc::Attributes", e.at as event_at,
                t.transfer, t.partner, t.owner, t.revision, t.binding, t.part,
                t.messages as "messages: crate::doc::Messages",
                t.sent, t.due_at, t.attempts, t.waits, t.last_error, t.adoptions, t.trace, t.updated_at, t.claimed_at "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<NotificationRow> for Notification {
    type Error = Failure;

    fn try_from(row: NotificationRow) -> Result<Self, Failure> {
        let kind = EventKind::from_name(&row.event_kind)
            .ok_or_else(|| Failure::broken(format!("`{}` is not a known event", row.event_kind)))?;
        Ok(Self {
            id: NotificationId::from_uuid(row.id),
            version: row.version,
            state: from_word("notification state", &row.state)?,
            event: Event {
                id: EventId::from_uuid(row.event),
                kind,
                transfer: TransferId::from_uuid(row.transfer),
                partner: PartnerId::from_uuid(row.partner),
                attributes: row.event_attributes.0,
                at: row.event_at,
            },
            owner: owner(row.owner),
            revision: RevisionId::from_uuid(row.revision),
            binding: BindingId::from_uuid(row.binding),
            part: small(row.part)?,
            messages: row.messages.0,
            sent: small(row.sent)?,
            due_at: row.due_at,
            attempts: small(row.attempts)?,
            waits: row.waits.map(ChannelId::from_uuid),
            last_error: row.last_error,
            adoptions: small(row.adoptions)?,
            trace: trace(row.trace),
            updated_at: row.updated_at,
        })
    }
}
