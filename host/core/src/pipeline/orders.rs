//! Orders: which of a receiver's destinations a released consignment goes to.

use crate::consignment::{Consignment, DeliveryOrder};
use crate::ports::{StoreError, TransferStore};

/// One order a chosen destination; all of the receiver's when routing chose none by name. A disabled one is among them: its
/// deliveries become dead letters, to be redriven when it is enabled again. No order means that the receiver, who has no
/// destination, fetches the payload.
pub(crate) async fn orders(
    store: &dyn TransferStore,
    consignment: &Consignment,
) -> Result<Vec<DeliveryOrder>, StoreError> {
    let chosen = &consignment.destinations;
    let destinations = store.destinations(consignment.receiver).await?;
    let wanted = destinations.iter().filter(|it| chosen.is_empty() || chosen.contains(&it.name));
    Ok(wanted.map(|it| DeliveryOrder { destination: it.id, ordered: it.ordered }).collect())
}
