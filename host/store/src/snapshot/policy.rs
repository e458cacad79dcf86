//! Plugin versions, policies and revisions, as a viewer sees them.

use std::collections::HashMap;

use lockgate_core::id::PolicyId;
use lockgate_core::plugin::{PluginDigest, PluginVersion};
use lockgate_core::policy::{Policy, Revision};
use lockgate_core::ports::{Page, PageRequest, PolicyFilter};
use sqlx::types::Uuid;

use super::PgSnapshot;
use super::window::Window;
use crate::column::{of_owner, word};
use crate::error::Failure;
use crate::row::{RevisionRow, all};

pub(super) async fn plugins(view: &PgSnapshot, page: &PageRequest) -> Result<Page<PluginVersion>, Failure> {
    page!(view, page, plugins[], "where true")
}

/// The owner's own sorts before the house's.
pub(super) async fn plugins_by_digest(
    view: &PgSnapshot,
    digests: &[PluginDigest],
) -> Result<Vec<PluginVersion>, Failure> {
    let digests: Vec<_> = digests.iter().map(|digest| digest.0.to_vec()).collect();
    all(plugins!(
        "where t.id in (select distinct on (v.digest) v.id from plugin_versions v where v.digest = any($1)
                        order by v.digest, v.owner nulls last)",
        &digests
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?)
}

macro_rules! policies {
    ($($tail:literal)+ $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::row::PolicyRow,
            "select t.id, t.owner, t.side from policies t " $(+ $tail)+
            $(, $argument)*
        )
    };
}

pub(super) async fn page(
    view: &PgSnapshot,
    filter: &PolicyFilter,
    page: &PageRequest,
) -> Result<Page<Policy>, Failure> {
    let side = filter.side.as_ref().map(word).transpose()?;
    page!(
        view,
        page,
        policies[],
        "where ($4::text is null or t.side = $4) and (not $5 or t.owner is not distinct from $6)",
        side,
        filter.owner.is_some(),
        filter.owner.and_then(of_owner)
    )
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Policy>, Failure> {
    all(policies!("where t.id = any($1)", ids).fetch_all(&mut *view.lookup().await?).await?)
}

pub(super) async fn revisions_by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Revision>, Failure> {
    all(revisions!("select", "from policy_revisions t where t.id = any($1)", ids)
        .fetch_all(&mut *view.lookup().await?)
        .await?)
}

/// The same window of each policy's revisions, in one statement.
pub(super) async fn revisions_of(
    view: &PgSnapshot,
    policies: &[PolicyId],
    page: &PageRequest,
) -> Result<Vec<(PolicyId, Page<Revision>)>, Failure> {
    let window = Window::of(page)?;
    let ids: Vec<_> = policies.iter().copied().map(PolicyId::uuid).collect();
    let rows = if window.ascending {
        revisions!(
            "select",
            "from unnest($4::uuid[]) p(id) cross join lateral (
                 select * from policy_revisions r where r.policy = p.id and r.id < $1 and r.id > $2
                 order by r.id asc limit $3) t
             order by t.id asc",
            window.below,
            window.above,
            window.limit,
            &ids
        )
        .fetch_all(&mut *view.lookup().await?)
        .await?
    } else {
        revisions!(
            "select",
            "from unnest($4::uuid[]) p(id) cross join lateral (
                 select * from policy_revisions r where r.policy = p.id and r.id < $1 and r.id > $2
                 order by r.id desc limit $3) t
             order by t.id desc",
            window.below,
            window.above,
            window.limit,
            &ids
        )
        .fetch_all(&mut *view.lookup().await?)
        .await?
    };
    let mut of: HashMap<Uuid, Vec<RevisionRow>> = HashMap::new();
    for row in rows {
        of.entry(row.policy).or_default().push(row);
    }
    policies
        .iter()
        .filter_map(|policy| of.remove(&policy.uuid()).map(|rows| (*policy, rows)))
        .map(|(policy, rows)| Ok((policy, window.page(rows, |row| row.id)?)))
        .collect()
}
