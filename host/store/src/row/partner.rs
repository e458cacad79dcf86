//! Partners, agreements, destinations and channels in their tables.

use lockgate_core::agreement::Agreement;
use lockgate_core::destination::{Destination, DestinationSettings, Disabled, Endpoint};
use lockgate_core::id::{AgreementId, ChannelId, DestinationId, PartnerId};
use lockgate_core::notification::{Channel, ChannelHealth, ChannelKind, EventKind};
use lockgate_core::partner::Partner;
use lockgate_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use crate::column::{from_word, unsigned};
use crate::error::Failure;

/// The columns of a partner.
#[derive(Debug)]
pub(crate) struct PartnerRow {
    pub(crate) id: Uuid,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) duplicates: String,
    pub(crate) created_at: Timestamp,
}

macro_rules! partners {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::PartnerRow,
            "select t.id, t.slug, t.name, t.status, t.duplicates, t.created_at from partners t " $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<PartnerRow> for Partner {
    type Error = Failure;

    fn try_from(row: PartnerRow) -> Result<Self, Failure> {
        Ok(Self {
            id: PartnerId::from_uuid(row.id),
            slug: row.slug,
            name: row.name,
            status: from_word("partner status", &row.status)?,
            duplicates: from_word("duplicate rule", &row.duplicates)?,
            created_at: row.created_at,
        })
    }
}

/// The columns of an agreement.
#[derive(Debug)]
pub(crate) struct AgreementRow {
    pub(crate) id: Uuid,
    pub(crate) sender: Uuid,
    pub(crate) receiver: Uuid,
    pub(crate) media_types: Vec<String>,
    pub(crate) max_size: Option<i64>,
    pub(crate) status: String,
    pub(crate) created_at: Timestamp,
}

macro_rules! agreements {
    ($head:literal, $($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::AgreementRow,
            $head + " t.id, t.sender, t.receiver, t.media_types, t.max_size, t.status, t.created_at " $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<AgreementRow> for Agreement {
    type Error = Failure;

    fn try_from(row: AgreementRow) -> Result<Self, Failure> {
        Ok(Self {
            id: AgreementId::from_uuid(row.id),
            sender: PartnerId::from_uuid(row.sender),
            receiver: PartnerId::from_uuid(row.receiver),
            media_types: row.media_types,
            max_size: row.max_size.map(unsigned).transpose()?,
            status: from_word("agreement status", &row.status)?,
            created_at: row.created_at,
        })
    }
}

/// The columns of a destination.
#[derive(Debug)]
pub(crate) struct DestinationRow {
    pub(crate) id: Uuid,
    pub(crate) partner: Uuid,
    pub(crate) name: String,
    pub(crate) endpoint: Json<Endpoint>,
    pub(crate) ordered: bool,
    pub(crate) status: String,
    pub(crate) settings: Json<DestinationSettings>,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) disabled_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

macro_rules! destinations {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::DestinationRow,
            r#"select t.id, t.partner, t.name,
                t.endpoint as "endpoint: crate::doc::Endpoint",
                t.ordered, t.status, t.settings as "settings: crate::doc::Settings",
                t.disabled_reason, t.disabled_at, t.created_at from destinations t "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<DestinationRow> for Destination {
    type Error = Failure;

    fn try_from(row: DestinationRow) -> Result<Self, Failure> {
        Ok(Self {
            id: DestinationId::from_uuid(row.id),
            partner: PartnerId::from_uuid(row.partner),
            name: row.name,
            endpoint: row.endpoint.0,
            ordered: row.ordered,
            status: from_word("destination status", &row.status)?,
            disabled: row.disabled_reason.zip(row.disabled_at).map(|(reason, at)| Disabled { reason, at }),
            settings: row.settings.0,
            created_at: row.created_at,
        })
    }
}

/// The columns of a channel.
#[derive(Debug)]
pub(crate) struct ChannelRow {
    pub(crate) id: Uuid,
    pub(crate) partner: Uuid,
    pub(crate) name: String,
    pub(crate) kind: Json<ChannelKind>,
    pub(crate) events: Json<Vec<EventKind>>,
    pub(crate) enabled: bool,
    pub(crate) failing_since: Option<Timestamp>,
    pub(crate) waited_for: bool,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) disabled_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

macro_rules! channels {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::ChannelRow,
            r#"select t.id, t.partner, t.name,
                t.kind as "kind: crate::doc::ChannelKind", t.events as "events: crate::doc::EventKinds",
                t.enabled, t.failing_since, t.disabled_reason, t.disabled_at, t.created_at,
                -- With its limit it is looked up by the index for each channel, and never hashed for all.
                coalesce((select true from notifications n
                          where n.waits = t.id and not n.rung and n.state = 'scheduled' and n.claimed_by is null
                          limit 1), false) as "waited_for!"
               from channels t "#
                $(+ $tail)+
            $(, $argument)*
        )
    };
}

impl TryFrom<ChannelRow> for Channel {
    type Error = Failure;

    fn try_from(row: ChannelRow) -> Result<Self, Failure> {
        Ok(Self {
            id: ChannelId::from_uuid(row.id),
            partner: PartnerId::from_uuid(row.partner),
            name: row.name,
            kind: row.kind.0,
            events: row.events.0,
            enabled: row.enabled,
            health: ChannelHealth {
                failing_since: row.failing_since,
                disabled: row.disabled_reason.zip(row.disabled_at).map(|(reason, at)| Disabled { reason, at }),
                waited_for: row.waited_for,
            },
            created_at: row.created_at,
        })
    }
}
