//! Partners.

use lockgate_core::id::PartnerId;
use lockgate_core::partner::Partner;
use lockgate_core::ports::RegistryError;
use lockgate_core::quota::Quota;

use super::{taken, unknown};
use crate::column::{text, word};
use crate::error::Failure;
use crate::row::one;
use crate::store::PgStore;

pub(super) async fn add(store: &PgStore, it: &Partner) -> Result<(), RegistryError> {
    sqlx::query!(
        "insert into partners (id, slug, name, status, duplicates, created_at) values ($1, $2, $3, $4, $5, $6)",
        it.id.uuid(),
        text(&it.slug),
        text(&it.name),
        word(&it.status)?,
        word(&it.duplicates)?,
        it.created_at
    )
    .execute(&store.worker)
    .await
    .map_err(|error| taken(error.into(), "partners_slug", "partner", &it.slug))?;
    Ok(())
}

pub(super) async fn update(store: &PgStore, it: &Partner) -> Result<(), RegistryError> {
    let done = sqlx::query!(
        "update partners set name = $2, status = $3, duplicates = $4 where id = $1",
        it.id.uuid(),
        text(&it.name),
        word(&it.status)?,
        word(&it.duplicates)?
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(unknown("partner", it.id)) }
}

/// The largest bound that is kept is larger than any store.
pub(super) async fn set_quota(store: &PgStore, partner: PartnerId, terms: &Quota) -> Result<(), RegistryError> {
    let bound = |it: Option<u64>| it.map(|it| i64::try_from(it).unwrap_or(i64::MAX));
    sqlx::query!(
        "insert into partner_quotas (partner, transfers_per_day, bytes_per_day, stored_bytes) values ($1, $2, $3, $4)
         on conflict (partner) do update set transfers_per_day = excluded.transfers_per_day,
             bytes_per_day = excluded.bytes_per_day, stored_bytes = excluded.stored_bytes",
        partner.uuid(),
        bound(terms.transfers_per_day),
        bound(terms.bytes_per_day),
        bound(terms.stored_bytes)
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    Ok(())
}

pub(super) async fn by_slug(store: &PgStore, slug: &str) -> Result<Option<Partner>, Failure> {
    one(partners!("where t.slug = $1", slug).fetch_optional(&store.worker).await?)
}
