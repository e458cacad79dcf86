//! Secrets in their table.

use lockgate_core::policy::Owner;
use lockgate_core::ports::{SecretBytes, VaultError};

use crate::column::of_owner;
use crate::error::Failure;
use crate::store::PgStore;
use crate::vault::envelope::{Sealed, Unusable, random};

/// An owner's secret by name.
pub(super) async fn find(store: &PgStore, owner: Owner, name: &str) -> Result<Option<SecretBytes>, VaultError> {
    let sealed = sqlx::query_as!(
        Sealed,
        "select key_id, wrapped_key, sealed from secrets where owner is not distinct from $1 and name = $2",
        of_owner(owner),
        name
    )
    .fetch_optional(&store.worker)
    .await
    .map_err(Failure::from)?;
    sealed
        .map(|it| store.envelope.open(owner, name, &it).map_err(|Unusable| VaultError::WrongKey(name.to_owned())))
        .transpose()
}

/// Sets a secret, under a new data key.
pub(super) async fn put(store: &PgStore, owner: Owner, name: &str, value: &SecretBytes) -> Result<(), VaultError> {
    let it = store.envelope.seal(owner, name, value).map_err(no_randomness)?;
    sqlx::query!(
        "insert into secrets (owner, name, key_id, wrapped_key, sealed) values ($1, $2, $3, $4, $5)
         on conflict on constraint secrets_name do update
         set key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, updated_at = now()",
        of_owner(owner),
        name,
        it.key_id,
        it.wrapped_key,
        it.sealed
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    Ok(())
}

/// A 32-byte secret, made at first use; of several that make it at once, all get the first.
pub(super) async fn find_or_make(store: &PgStore, owner: Owner, name: &str) -> Result<SecretBytes, VaultError> {
    if let Some(secret) = find(store, owner, name).await? {
        return Ok(secret);
    }
    let value = SecretBytes::new(random(32).map_err(no_randomness)?);
    let it = store.envelope.seal(owner, name, &value).map_err(no_randomness)?;
    sqlx::query!(
        "insert into secrets (owner, name, key_id, wrapped_key, sealed) values ($1, $2, $3, $4, $5)
         on conflict on constraint secrets_name do nothing",
        of_owner(owner),
        name,
        it.key_id,
        it.wrapped_key,
        it.sealed
    )
    .execute(&store.worker)
    .await
    .map_err(Failure::from)?;
    find(store, owner, name).await?.ok_or_else(|| VaultError::Unavailable(format!("secret `{name}` vanished")))
}

fn no_randomness(Unusable: Unusable) -> VaultError {
    VaultError::Unavailable("the system gives no randomness to seal with".to_owned())
}
