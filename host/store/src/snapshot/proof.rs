//! Decisions and provenance, as a viewer sees them.

use std::collections::HashMap;

use lockgate_core::decision::Decision;
use lockgate_core::id::TransferId;
use lockgate_core::ports::{Cursor, Edge, Page, PageRequest};
use lockgate_core::provenance::ChainedEntry;
use sqlx::types::Uuid;

use super::window::paged;
use super::{PgSnapshot, sight};
use crate::column::{bigint, limit};
use crate::error::Failure;
use crate::row::{DecisionRow, ProvenanceRow, ReadableEntry, all};

pub(super) async fn decisions_of(view: &PgSnapshot, transfers: &[Uuid]) -> Result<Vec<Decision>, Failure> {
    let rows = sqlx::query_as!(
        DecisionRow,
        r#"select t.id, t.transfer, t.consignment, t.side,
                  t.pins as "pins: crate::doc::Pins", t.verdict,
                  t.findings as "findings: crate::doc::Findings",
                  t.facts as "facts: crate::doc::Facts",
                  t.routes as "routes: crate::doc::Routes",
                  t.outcomes as "outcomes: crate::doc::Outcomes", t.decided_at
           from decisions t where t.transfer = any($1) order by t.id"#,
        transfers
    )
    .fetch_all(&mut *view.lookup().await?)
    .await?;
    all(rows)
}

/// The same part of each transfer's provenance, in one statement.
pub(super) async fn provenance_of(
    view: &PgSnapshot,
    transfers: &[TransferId],
    page: &PageRequest,
) -> Result<Vec<(TransferId, Page<ChainedEntry>)>, Failure> {
    let above = sequence(page.after)?.unwrap_or(0);
    let below = sequence(page.before)?.unwrap_or(i64::MAX);
    let most = limit(page.limit.saturating_add(1));
    let ids: Vec<_> = transfers.iter().copied().map(TransferId::uuid).collect();
    let rows = if page.backward {
        provenance!(
            "from unnest($4::uuid[]) p(id) cross join lateral (
                 select * from provenance e where e.transfer = p.id and e.sequence > $1 and e.sequence < $2
                 order by e.sequence desc limit $3) t
             order by t.sequence desc",
            above,
            below,
            most,
            &ids
        )
        .fetch_all(&mut *view.lookup().await?)
        .await?
    } else {
        provenance!(
            "from unnest($4::uuid[]) p(id) cross join lateral (
                 select * from provenance e where e.transfer = p.id and e.sequence > $1 and e.sequence < $2
                 order by e.sequence asc limit $3) t
             order by t.sequence asc",
            above,
            below,
            most,
            &ids
        )
        .fetch_all(&mut *view.lookup().await?)
        .await?
    };
    let mut of: HashMap<Uuid, Vec<ProvenanceRow>> = HashMap::new();
    for row in rows {
        of.entry(row.transfer).or_default().push(row);
    }
    transfers
        .iter()
        .filter_map(|transfer| of.remove(&transfer.uuid()).map(|rows| (*transfer, rows)))
        .map(|(transfer, rows)| {
            let cursor = |row: &ProvenanceRow| Cursor::Sequence(u64::try_from(row.sequence).unwrap_or(0));
            let page: Page<ReadableEntry> = paged(page, rows, cursor)?;
            let seen = |it: Edge<ReadableEntry>| {
                let entry = sight::entry(view.role, it.node.receiver, it.node.entry)?;
                Some(Edge { cursor: it.cursor, node: entry })
            };
            let edges = page.edges.into_iter().filter_map(seen).collect();
            let (has_next, has_previous) = (page.has_next, page.has_previous);
            Ok((transfer, Page { edges, has_next, has_previous }))
        })
        .collect()
}

fn sequence(cursor: Option<Cursor>) -> Result<Option<i64>, Failure> {
    match cursor {
        None => Ok(None),
        Some(Cursor::Sequence(sequence)) => bigint(sequence).map(Some),
        Some(Cursor::Id(_)) => Err(Failure::broken("provenance was asked with the cursor of another list")),
    }
}
