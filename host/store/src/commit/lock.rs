//! The locks that a commit takes first, in their order.

use lockgate_core::change::Change;
use lockgate_core::consignment::Consignment;
use lockgate_core::id::{ConsignmentId, TransferId, UploadId};
use lockgate_core::transfer::Transfer;
use sqlx::PgConnection;

use crate::error::Failure;

/// The transfer, locked.
pub(super) async fn transfer(connection: &mut PgConnection, id: TransferId) -> Result<Transfer, Failure> {
    transfers!("select", "from transfers t where t.id = $1 for update", id.uuid())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| Failure::broken(format!("there is no transfer {id}")))?
        .try_into()
}

/// The consignment, locked.
pub(super) async fn consignment(connection: &mut PgConnection, id: ConsignmentId) -> Result<Consignment, Failure> {
    consignments!("select", "from consignments t where t.id = $1 for update", id.uuid())
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| Failure::broken(format!("there is no consignment {id}")))?
        .try_into()
}

/// Makes sure that a transfer is received only with the payload that its upload sealed.
pub(super) async fn sealed_upload(connection: &mut PgConnection, id: UploadId, change: &Change) -> Result<(), Failure> {
    let payloads: Vec<_> = change.promotes().iter().map(|id| id.to_string()).collect();
    let sealed = sqlx::query_scalar!(
        r#"select complete and payload ->> 'id' = any($3) as "sealed!" from uploads
           where id = $1 and transfer = $2 and payload is not null for update"#,
        id.uuid(),
        change.transfer().uuid(),
        &payloads
    )
    .fetch_optional(connection)
    .await?;
    if sealed == Some(true) {
        Ok(())
    } else {
        Err(Failure::broken(format!("upload {id} is not sealed with the payload that its transfer would receive")))
    }
}
