//! Secrets in their table.

use std::collections::HashMap;
use std::time::Duration;

use lockgate_core::id::PartnerId;
use lockgate_core::policy::Owner;
use lockgate_core::ports::{SecretBytes, VaultError};

use crate::column::{of_owner, text};
use crate::error::Failure;
use crate::store::PgStore;
use crate::vault::envelope::{Sealed, Unusable, random};

/// An owner's secret by name.
pub(super) async fn find(store: &PgStore, owner: Owner, name: &str) -> Result<Option<SecretBytes>, VaultError> {
    let sealed = sqlx::query_as!(
        Sealed,
        "select key_id, wrapped_key, sealed from secrets where name = $2 and (owner = $1 or owner is null and $1::uuid is null)",
        of_owner(owner),
        name
    )
    .fetch_optional(&store.worker)
    .await
    .map_err(Failure::from)?;
    sealed.map(|it| open(store, owner, name, &it)).transpose()
}

/// What is good under a partner's name, as it is kept.
pub(crate) type Good = ((PartnerId, String), Vec<Sealed>);

/// The present one, then the one that it replaced, while that is still good: every message asks for its own.
pub(super) async fn good(store: &PgStore, of: PartnerId, name: &str) -> Result<Vec<SecretBytes>, VaultError> {
    let is_about = |asked: &(PartnerId, String), (of, _): &Good| asked == of;
    let found = store.asked.signing.row(store, (of, text(name)), all_good, is_about).await;
    let found = found.map_err(|error| VaultError::Unavailable(error.to_string()))?;
    let sealed = found.map(|(_, sealed)| sealed).unwrap_or_default();
    sealed.iter().map(|it| open(store, Owner::Partner(of), name, it)).collect()
}

async fn all_good(store: PgStore, asked: Vec<(PartnerId, String)>) -> Result<Vec<Good>, Failure> {
    let (owners, names): (Vec<_>, Vec<_>) = asked.into_iter().map(|(of, name)| (of.uuid(), name)).unzip();
    let rows = sqlx::query!(
        r#"select s.owner as "owner!", s.name, g.key_id as "key_id!", g.wrapped_key as "wrapped_key!",
                  g.sealed as "sealed!"
           from secrets s cross join lateral (values
                (0, s.key_id, s.wrapped_key, s.sealed, true),
                (1, s.former_key_id, s.former_wrapped_key, s.former_sealed, s.former_until > now())
           ) g(place, key_id, wrapped_key, sealed, good)
           where (s.owner, s.name) in (select * from unnest($1::uuid[], $2::text[])) and g.good order by g.place"#,
        &owners,
        &names
    )
    .fetch_all(&store.worker)
    .await?;
    let mut found = HashMap::<_, Vec<_>>::new();
    for row in rows {
        let sealed = Sealed { key_id: row.key_id, wrapped_key: row.wrapped_key, sealed: row.sealed };
        found.entry((PartnerId::from_uuid(row.owner), row.name)).or_default().push(sealed);
    }
    Ok(found.into_iter().collect())
}

fn open(store: &PgStore, owner: Owner, name: &str, sealed: &Sealed) -> Result<SecretBytes, VaultError> {
    store.envelope.open(owner, name, sealed).map_err(|Unusable| VaultError::WrongKey(name.to_owned()))
}

/// Sets a secret, under a new data key. The one before is kept for as long as it stays good, and not at all without grace:
/// a secret that leaked is to be gone.
pub(super) async fn put(
    store: &PgStore,
    owner: Owner,
    name: &str,
    value: &SecretBytes,
    grace: Duration,
) -> Result<(), VaultError> {
    let it = store.envelope.seal(owner, name, value).map_err(no_randomness)?;
    sqlx::query!(
        "insert into secrets (owner, name, key_id, wrapped_key, sealed) values ($1, $2, $3, $4, $5)
         on conflict on constraint secrets_name do update
         set key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed, updated_at = now(),
             former_key_id = case when $6::float8 > 0 then secrets.key_id end,
             former_wrapped_key = case when $6::float8 > 0 then secrets.wrapped_key end,
             former_sealed = case when $6::float8 > 0 then secrets.sealed end,
             former_until = case when $6::float8 > 0 then now() + make_interval(secs => $6::float8) end",
        of_owner(owner),
        name,
        it.key_id,
        it.wrapped_key,
        it.sealed,
        grace.as_secs_f64()
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
    add(store, owner, name, &value).await?;
    find(store, owner, name).await?.ok_or_else(|| VaultError::Unavailable(format!("secret `{name}` vanished")))
}

/// Keeps a secret unless there is one; of several that come at once, the first.
pub(super) async fn add(store: &PgStore, owner: Owner, name: &str, value: &SecretBytes) -> Result<bool, VaultError> {
    let it = store.envelope.seal(owner, name, value).map_err(no_randomness)?;
    let added = sqlx::query!(
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
    Ok(added.rows_affected() == 1)
}

fn no_randomness(Unusable: Unusable) -> VaultError {
    VaultError::Unavailable("the system gives no randomness to seal with".to_owned())
}
