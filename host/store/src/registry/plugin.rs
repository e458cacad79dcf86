//! Plugins and their versions.

use lockgate_core::id::PluginId;
use lockgate_core::plugin::{PluginDigest, PluginVersion, Published};
use lockgate_core::policy::Owner;
use lockgate_core::ports::RegistryError;

use crate::column::{bigint, document, of_owner, text};
use crate::error::Failure;
use crate::row::one;
use crate::store::PgStore;

/// Adds a version, or finds the one that this owner published before under the same digest.
pub(super) async fn add(store: &PgStore, it: &PluginVersion) -> Result<Published, RegistryError> {
    Ok(retried!(add_once(store, it))?)
}

async fn add_once(store: &PgStore, it: &PluginVersion) -> Result<Published, Failure> {
    let mut transaction = store.begin().await?;
    let owner = of_owner(it.owner);
    let name = text(&it.manifest.name);
    sqlx::query!(
        "insert into plugins (id, owner, name) values ($1, $2, $3) on conflict on constraint plugins_name do nothing",
        it.plugin.uuid(),
        owner,
        name
    )
    .execute(&mut *transaction)
    .await?;
    let added = sqlx::query!(
        "insert into plugin_versions (id, plugin, owner, digest, size, manifest, published_at)
         select $1, id, owner, $4, $5, $6, $7 from plugins where owner is not distinct from $2 and name = $3
         on conflict on constraint plugin_versions_digest do nothing",
        // Only lists are ordered by it.
        PluginId::generate(it.published_at).uuid(),
        owner,
        name,
        &it.digest.0[..],
        bigint(it.size)?,
        document(&it.manifest)?,
        it.published_at
    )
    .execute(&mut *transaction)
    .await?;
    let row = plugins!("where t.owner is not distinct from $1 and t.digest = $2", owner, &it.digest.0[..])
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Published { version: row.try_into()?, repeated: added.rows_affected() == 0 })
}

/// The id of an owner's plugin of that name.
pub(super) async fn id(store: &PgStore, owner: Owner, name: &str) -> Result<Option<PluginId>, Failure> {
    let id = sqlx::query_scalar!(
        "select id from plugins where owner is not distinct from $1 and name = $2",
        of_owner(owner),
        name
    )
    .fetch_optional(&store.worker)
    .await?;
    Ok(id.map(PluginId::from_uuid))
}

/// A version that the owner may bind: its own before the house's.
pub(super) async fn bindable(
    store: &PgStore,
    owner: Owner,
    digest: &PluginDigest,
) -> Result<Option<PluginVersion>, Failure> {
    one(plugins!(
        "where t.digest = $2 and (t.owner is null or t.owner = $1) order by t.owner nulls last limit 1",
        of_owner(owner),
        &digest.0[..]
    )
    .fetch_optional(&store.worker)
    .await?)
}
