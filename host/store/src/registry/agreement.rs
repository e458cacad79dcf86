//! Agreements.

use lockgate_core::agreement::Agreement;
use lockgate_core::id::{AgreementId, PartnerId};
use lockgate_core::ports::RegistryError;

use super::{taken, unknown};
use crate::column::{bigint, word};
use crate::error::Failure;
use crate::row::one;
use crate::store::PgStore;

pub(super) async fn add(store: &PgStore, it: &Agreement) -> Result<(), RegistryError> {
    sqlx::query!(
        "insert into agreements (id, sender, receiver, media_types, max_size, status, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        it.id.uuid(),
        it.sender.uuid(),
        it.receiver.uuid(),
        &it.media_types,
        it.max_size.map(bigint).transpose()?,
        word(&it.status)?,
        it.created_at
    )
    .execute(&store.worker)
    .await
    .map_err(|error| {
        taken(error.into(), "agreements_pair", "agreement", &format!("{} to {}", it.sender, it.receiver))
    })?;
    Ok(())
}

/// Ending an ended agreement finds it ended.
pub(super) async fn end(store: &PgStore, id: AgreementId) -> Result<Agreement, RegistryError> {
    let row = agreements!("update agreements t set status = 'ended' where t.id = $1 returning", "", id.uuid())
        .fetch_optional(&store.worker)
        .await
        .map_err(Failure::from)?;
    one(row)?.ok_or_else(|| unknown("agreement", id))
}

pub(super) async fn active(store: &PgStore, from: PartnerId, to: PartnerId) -> Result<Option<Agreement>, Failure> {
    one(agreements!(
        "select",
        "from agreements t where t.sender = $1 and t.receiver = $2 and t.status = 'active'",
        from.uuid(),
        to.uuid()
    )
    .fetch_optional(&store.worker)
    .await?)
}
