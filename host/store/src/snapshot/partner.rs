//! Partners, agreements, destinations and channels, as a viewer sees them.

use lockgate_core::agreement::Agreement;
use lockgate_core::destination::Destination;
use lockgate_core::notification::Channel;
use lockgate_core::partner::Partner;
use lockgate_core::ports::{Page, PageRequest, PartnerFilter};
use sqlx::types::Uuid;

use super::PgSnapshot;
use crate::column::word;
use crate::error::Failure;
use crate::row::{all, one};

pub(super) async fn page(
    view: &PgSnapshot,
    filter: &PartnerFilter,
    page: &PageRequest,
) -> Result<Page<Partner>, Failure> {
    let status = filter.status.as_ref().map(word).transpose()?;
    page!(
        view,
        page,
        partners[],
        "where ($4::text is null or t.status = $4) and ($5::text is null or starts_with(t.slug, $5))",
        status,
        filter.slug_prefix
    )
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Partner>, Failure> {
    all(partners!("where t.id = any($1)", ids).fetch_all(&mut *view.lookup().await?).await?)
}

pub(super) async fn by_slug(view: &PgSnapshot, slug: &str) -> Result<Option<Partner>, Failure> {
    one(partners!("where t.slug = $1", slug).fetch_optional(&mut *view.lookup().await?).await?)
}

pub(super) async fn agreements(
    view: &PgSnapshot,
    of: Option<Uuid>,
    page: &PageRequest,
) -> Result<Page<Agreement>, Failure> {
    page!(
        view,
        page,
        agreements["select"],
        "from agreements t where ($4::uuid is null or t.sender = $4 or t.receiver = $4)",
        of
    )
}

pub(super) async fn agreements_by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Agreement>, Failure> {
    all(agreements!("select", "from agreements t where t.id = any($1)", ids)
        .fetch_all(&mut *view.lookup().await?)
        .await?)
}

pub(super) async fn destinations_of(view: &PgSnapshot, partners: &[Uuid]) -> Result<Vec<Destination>, Failure> {
    all(destinations!("where t.partner = any($1) order by t.id", partners)
        .fetch_all(&mut *view.lookup().await?)
        .await?)
}

pub(super) async fn destinations_by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Destination>, Failure> {
    all(destinations!("where t.id = any($1)", ids).fetch_all(&mut *view.lookup().await?).await?)
}

pub(super) async fn channels_of(view: &PgSnapshot, partners: &[Uuid]) -> Result<Vec<Channel>, Failure> {
    all(channels!("where t.partner = any($1) order by t.id", partners).fetch_all(&mut *view.lookup().await?).await?)
}

pub(super) async fn channels_by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Channel>, Failure> {
    all(channels!("where t.id = any($1)", ids).fetch_all(&mut *view.lookup().await?).await?)
}
