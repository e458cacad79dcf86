//! Consignments, as a viewer sees them.

use lockgate_core::consignment::{Consignment, ConsignmentState};
use lockgate_core::ports::{Edge, Page, PageRequest};
use sqlx::types::Uuid;

use super::{PgSnapshot, sight};
use crate::column::word;
use crate::error::Failure;
use crate::row::all;

pub(super) async fn of_transfers(view: &PgSnapshot, transfers: &[Uuid]) -> Result<Vec<Consignment>, Failure> {
    let rows = consignments!("select", "from consignments t where t.transfer = any($1) order by t.id", transfers)
        .fetch_all(&mut *view.statement().await)
        .await?;
    Ok(all(rows)?.into_iter().map(|it| sight::consignment(view.role, it)).collect())
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Consignment>, Failure> {
    let rows = consignments!("select", "from consignments t where t.id = any($1)", ids)
        .fetch_all(&mut *view.statement().await)
        .await?;
    Ok(all(rows)?.into_iter().map(|it| sight::consignment(view.role, it)).collect())
}

/// Those that the viewer receives; all, for an operator.
pub(super) async fn page(
    view: &PgSnapshot,
    state: Option<ConsignmentState>,
    page: &PageRequest,
) -> Result<Page<Consignment>, Failure> {
    let state = state.as_ref().map(word).transpose()?;
    let page: Page<Consignment> = page!(
        view,
        page,
        consignments["select"],
        "from consignments t where ($4::text is null or t.state = $4) and ($5::uuid is null or t.receiver = $5)",
        state,
        view.partner()
    )?;
    let edges = page.edges.into_iter();
    Ok(Page {
        edges: edges.map(|it| Edge { cursor: it.cursor, node: sight::consignment(view.role, it.node) }).collect(),
        ..page
    })
}
