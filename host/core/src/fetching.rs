//! Fetching: which bytes of a transfer a partner may have. A receiver gets what was released to it, or what one of its
//! deliveries carries since it was judged anew, a sender what it sent. Nobody else gets bytes: integrators write rules and
//! operators run the place, and neither needs to read what partners send each other. A partner that is suspended gets none.

use crate::code::Code;
use crate::id::{ConsignmentId, DeliveryId, PartnerId, TransferId};
use crate::partner::PartnerStatus;
use crate::payload::Payload;
use crate::ports::{Snapshot, StoreError, TransferStore};
use crate::secure_url::{Purpose, SecureUrl};
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

/// Nobody may fetch anything as that viewer now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchingError {
    /// The viewer's partner may not take part.
    #[error("the partner is suspended; ask the operator")]
    Suspended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FetchingError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Suspended => Code::PartnerSuspended,
            Self::Store(error) => error.code(),
        }
    }
}

/// What the viewer may fetch of a transfer, if anything.
///
/// # Errors
///
/// When the viewer's partner is suspended, or the store fails.
pub async fn fetchable(
    store: &dyn TransferStore,
    viewer: &Viewer,
    transfer: TransferId,
) -> Result<Option<Fetchable>, FetchingError> {
    found(store, viewer, transfer, Wanted::Transfer).await
}

/// What lies behind a secure URL. Whether it opens is the [porter's](crate::porter::Porter) to say.
///
/// # Errors
///
/// When the store fails.
pub async fn behind(store: &dyn TransferStore, url: &SecureUrl) -> Result<Option<Fetchable>, StoreError> {
    let Purpose::Download { transfer } = url.purpose else { return Ok(None) };
    let snapshot = store.snapshot(&url.viewer()).await?;
    let found = seen_by(url.partner, &*snapshot, transfer).await;
    snapshot.close().await;
    found
}

/// What a delivery of a transfer carries, to its receiver alone. A pointer that was delivered leads here: once the
/// delivery was judged anew these are other bytes than the consignment's.
///
/// # Errors
///
/// When the viewer's partner is suspended, or the store fails.
pub async fn of_delivery(
    store: &dyn TransferStore,
    viewer: &Viewer,
    transfer: TransferId,
    delivery: DeliveryId,
) -> Result<Option<Fetchable>, FetchingError> {
    found(store, viewer, transfer, Wanted::Delivery(delivery)).await
}

/// What of a transfer is asked for.
enum Wanted {
    /// What it is to the partner that asks.
    Transfer,
    /// What one of its deliveries carries.
    Delivery(DeliveryId),
}

async fn found(
    store: &dyn TransferStore,
    viewer: &Viewer,
    transfer: TransferId,
    wanted: Wanted,
) -> Result<Option<Fetchable>, FetchingError> {
    let Role::Partner(partner) = viewer.role else { return Ok(None) };
    let snapshot = store.snapshot(viewer).await?;
    let found = looked_up(partner, &*snapshot, transfer, wanted).await;
    snapshot.close().await;
    found
}

async fn looked_up(
    partner: PartnerId,
    snapshot: &dyn Snapshot,
    transfer: TransferId,
    wanted: Wanted,
) -> Result<Option<Fetchable>, FetchingError> {
    active(partner, snapshot).await?;
    Ok(match wanted {
        Wanted::Transfer => seen_by(partner, snapshot, transfer).await?,
        Wanted::Delivery(delivery) => seen_in(partner, snapshot, transfer, delivery).await?,
    })
}

/// A partner that may take part; whom nobody knows sees nothing anyway.
async fn active(partner: PartnerId, snapshot: &dyn Snapshot) -> Result<(), FetchingError> {
    let own = snapshot.partners_by_id(&[partner]).await?;
    match own.iter().any(|it| it.id == partner && it.status == PartnerStatus::Suspended) {
        true => Err(FetchingError::Suspended),
        false => Ok(()),
    }
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
