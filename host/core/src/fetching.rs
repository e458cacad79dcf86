//! Fetching: which bytes of a transfer a partner may have. A receiver gets what was released to it, or what one of its
//! deliveries carries since it was judged anew, a sender what it sent. Nobody else gets bytes: integrators write rules and
//! operators run the place, and neither needs to read what partners send each other.

use crate::id::{ConsignmentId, DeliveryId, PartnerId, TransferId};
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
    /// The delivery that was asked for by its id.
    pub delivery: Option<DeliveryId>,
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

/// What a delivery of a transfer carries, to its receiver alone. A pointer that was delivered leads here: once the
/// delivery was judged anew these are other bytes than the consignment's.
///
/// # Errors
///
/// When the store fails.
pub async fn of_delivery(
    store: &dyn TransferStore,
    viewer: &Viewer,
    transfer: TransferId,
    delivery: DeliveryId,
) -> Result<Option<Fetchable>, StoreError> {
    let Role::Partner(partner) = viewer.role else { return Ok(None) };
    let snapshot = store.snapshot(viewer).await?;
    let found = seen_in(partner, &*snapshot, transfer, delivery).await;
    snapshot.close().await;
    found
}

async fn seen_in(
    partner: PartnerId,
    snapshot: &dyn Snapshot,
    id: TransferId,
    delivery: DeliveryId,
) -> Result<Option<Fetchable>, StoreError> {
    let own = snapshot.deliveries_by_id(&[delivery]).await?.into_iter().find(|it| it.id == delivery);
    let Some(own) = own.filter(|it| it.receiver == partner && it.transfer == id) else { return Ok(None) };
    let Some(transfer) = snapshot.transfers_by_id(&[id]).await?.into_iter().next() else { return Ok(None) };
    let consignments = snapshot.consignments_of(&[id]).await?;
    let share = consignments.into_iter().find(|it| it.id == own.consignment && it.receiver == partner);
    let Some(share) = share else { return Ok(None) };
    let (file_name, sender) = (transfer.file_name, transfer.sender);
    let fetchable =
        |payload| Fetchable { payload, consignment: Some(share.id), delivery: Some(delivery), file_name, sender };
    Ok(own.released.or(share.released).map(fetchable))
}

async fn seen_by(partner: PartnerId, snapshot: &dyn Snapshot, id: TransferId) -> Result<Option<Fetchable>, StoreError> {
    let Some(transfer) = snapshot.transfers_by_id(&[id]).await?.into_iter().next() else { return Ok(None) };
    let (file_name, sender) = (transfer.file_name, transfer.sender);
    if sender == partner {
        let own = |payload| Fetchable { payload, consignment: None, delivery: None, file_name, sender };
        return Ok(transfer.source.map(own));
    }
    let consignments = snapshot.consignments_of(&[id]).await?;
    let own = consignments.into_iter().find(|it| it.receiver == partner);
    Ok(own.and_then(|it| {
        let fetchable = |payload| Fetchable { payload, consignment: Some(it.id), delivery: None, file_name, sender };
        it.released.map(fetchable)
    }))
}
