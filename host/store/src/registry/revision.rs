//! Policy revisions: numbered and activated under their policy's row lock.

use lockgate_core::id::{PolicyId, RevisionId};
use lockgate_core::policy::Revision;
use lockgate_core::ports::{NewRevision, RegistryError};
use lockgate_core::time::Timestamp;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::unknown;
use crate::column::{document, of_owner, text, word};
use crate::error::Failure;
use crate::row::all;
use crate::store::PgStore;

/// Adds a revision as the next number of its policy, which begins with its first revision.
pub(super) async fn publish(store: &PgStore, it: &NewRevision) -> Result<Revision, RegistryError> {
    Ok(retried!(publish_once(store, it))?)
}

async fn publish_once(store: &PgStore, it: &NewRevision) -> Result<Revision, Failure> {
    let mut transaction = store.begin().await?;
    let policy = lock_or_begin(&mut transaction, it).await?;
    let row = revisions!(
        "insert into policy_revisions as t (id, policy, owner, side, number, rollout, bindings, note, author, created_at)
         values ($1, $2, $3, $4,
                 (select coalesce(max(number), 0) + 1 from policy_revisions where policy = $2),
                 'draft', $5, $6, $7, $8) returning",
        "",
        it.id.uuid(),
        policy,
        of_owner(it.owner),
        word(&it.side)?,
        document(&it.bindings)?,
        text(&it.note),
        text(&it.author),
        it.at
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    row.try_into()
}

async fn lock_or_begin(connection: &mut PgConnection, it: &NewRevision) -> Result<Uuid, Failure> {
    let (owner, side) = (of_owner(it.owner), word(&it.side)?);
    sqlx::query!(
        "insert into policies (id, owner, side) values ($1, $2, $3) on conflict on constraint policies_side do nothing",
        PolicyId::generate(it.at).uuid(),
        owner,
        side
    )
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar!(
        "select id from policies where owner is not distinct from $1 and side = $2 for update",
        owner,
        side
    )
    .fetch_one(connection)
    .await?)
}

/// Makes a revision the active one and retires the one before. Activating the active one changes nothing.
pub(super) async fn activate(store: &PgStore, id: RevisionId, at: Timestamp) -> Result<Revision, RegistryError> {
    retried!(activate_once(store, id, at))?.ok_or_else(|| unknown("policy revision", id))
}

async fn activate_once(store: &PgStore, id: RevisionId, at: Timestamp) -> Result<Option<Revision>, Failure> {
    let mut transaction = store.begin().await?;
    let policy = sqlx::query_scalar!(
        "select p.id from policies p join policy_revisions r on r.policy = p.id where r.id = $1 for update of p",
        id.uuid()
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(policy) = policy else { return Ok(None) };
    sqlx::query!(
        "update policy_revisions set rollout = 'retired' where policy = $1 and rollout = 'active' and id <> $2",
        policy,
        id.uuid()
    )
    .execute(&mut *transaction)
    .await?;
    let row = revisions!(
        "update policy_revisions t
         set rollout = 'active', activated_at = case when t.rollout = 'active' then t.activated_at else $2 end
         where t.id = $1 returning",
        "",
        id.uuid(),
        at
    )
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    row.try_into().map(Some)
}

/// Every active revision.
pub(super) async fn active(store: &PgStore) -> Result<Vec<Revision>, Failure> {
    all(revisions!("select", "from policy_revisions t where t.rollout = 'active' order by t.owner nulls first, t.side")
        .fetch_all(&store.worker)
        .await?)
}
