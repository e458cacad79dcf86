//! Consignments, as a viewer sees them.

use lockgate_core::consignment::Consignment;
use lockgate_core::id::{PartnerId, TransferId};
use lockgate_core::ports::{ConsignmentFilter, Edge, Page, PageRequest};
use sqlx::types::Uuid;

use super::{PgSnapshot, sight};
use crate::column::word;
use crate::error::Failure;
use crate::row::all;

pub(super) async fn of_transfers(view: &PgSnapshot, transfers: &[Uuid]) -> Result<Vec<Consignment>, Failure> {
    let rows = consignments!("select", "from consignments t where t.transfer = any($1) order by t.id", transfers)
        .fetch_all(&mut *view.lookup().await?)
        .await?;
    Ok(all(rows)?.into_iter().map(|it| sight::consignment(view.role, it)).collect())
}

pub(super) async fn by_id(view: &PgSnapshot, ids: &[Uuid]) -> Result<Vec<Consignment>, Failure> {
    let rows = consignments!("select", "from consignments t where t.id = any($1)", ids)
        .fetch_all(&mut *view.lookup().await?)
        .await?;
    Ok(all(rows)?.into_iter().map(|it| sight::consignment(view.role, it)).collect())
}

/// Those that the viewer receives; all, for an operator.
pub(super) async fn page(
    view: &PgSnapshot,
    filter: &ConsignmentFilter,
    page: &PageRequest,
) -> Result<Page<Consignment>, Failure> {
    let states = filter.states.iter().map(word).collect::<Result<Vec<_>, _>>()?;
    let page: Page<Consignment> = page!(
        view,
        page,
        consignments["select"],
        "from consignments t where (cardinality($4::text[]) = 0 or t.state = any($4))
         and ($5::uuid is null or t.receiver = $5) and ($6::uuid is null or t.sender = $6)
         and ($7::uuid is null or t.receiver = $7) and ($8::uuid is null or t.transfer = $8)",
        &states,
        view.partner(),
        filter.sender.map(PartnerId::uuid),
        filter.receiver.map(PartnerId::uuid),
        filter.transfer.map(TransferId::uuid)
    )?;
    let edges = page.edges.into_iter();
    Ok(Page {
        edges: edges.map(|it| Edge { cursor: it.cursor, node: sight::consignment(view.role, it.node) }).collect(),
        ..page
    })
}
