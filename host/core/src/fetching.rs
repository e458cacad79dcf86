//! Fetching: which bytes of a transfer a partner may have. A receiver gets what was released to it, a sender what it
//! sent. Nobody else gets bytes: integrators write rules and operators run the place, and neither needs to read what
//! partners send each other.

use crate::id::{ConsignmentId, PartnerId, TransferId};
use crate::payload::Payload;
use crate::ports::{Snapshot, StoreError, TransferStore};
use crate::viewer::{Role, Viewer};

/// What may be fetched, and under which name.
#[derive(Debug, Clone, PartialEq)]
pub struct Fetchable {
    /// The bytes.
    pub payload: Payload,
    /// The consignment that they were released in; absent for the sender's own source.
    pub consignment: Option<ConsignmentId>,
    /// The file's name.
    pub file_name: String,
    /// Who sent it.
    pub sender: PartnerId,
}

/// What the viewer may fetch of a transfer, if anything.
///
/// # Errors
///
/// When the store fails.
pub async fn fetchable(
    store: &dyn TransferStore,
    viewer: &Viewer,
    transfer: TransferId,
) -> Result<Option<Fetchable>, StoreError> {
    let Role::Partner(partner) = viewer.role else { return Ok(None) };
    let snapshot = store.snapshot(viewer).await?;
    let found = seen_by(partner, &*snapshot, transfer).await;
    snapshot.close().await;
    found
}

async fn seen_by(partner: PartnerId, snapshot: &dyn Snapshot, id: TransferId) -> Result<Option<Fetchable>, StoreError> {
    let Some(transfer) = snapshot.transfers_by_id(&[id]).await?.into_iter().next() else { return Ok(None) };
    let (file_name, sender) = (transfer.file_name, transfer.sender);
    if sender == partner {
        return Ok(transfer.source.map(|payload| Fetchable { payload, consignment: None, file_name, sender }));
    }
    let consignments = snapshot.consignments_of(&[id]).await?;
    let own = consignments.into_iter().find(|it| it.receiver == partner);
    Ok(own.and_then(|it| it.released.map(|payload| Fetchable { payload, consignment: Some(it.id), file_name, sender })))
}
