//! Nudges: "this changed, look again". They carry ids and nothing of what changed, so whoever hears one reads it anew,
//! within what it may see.

use serde::{Deserialize, Serialize};

use crate::change::Change;
use crate::claim::Aggregate;
use crate::id::{DeliveryId, PartnerId, TransferId};

/// Something changed; it is there to be looked at once more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Nudge {
    /// The transfer that it belongs to.
    pub transfer: TransferId,
    /// The delivery that changed, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryId>,
    /// Whom it concerns; operators are not named, everything concerns them.
    pub partners: Vec<PartnerId>,
}

impl Nudge {
    /// The nudges of a change: one for what changes, one for each delivery that it creates. Notifications are nobody's
    /// to follow.
    pub fn of(change: &Change) -> Vec<Self> {
        let own = match change.next() {
            Aggregate::Transfer(it) => {
                let created = change.consignments().iter().map(|it| it.receiver);
                let mut partners = vec![it.sender];
                partners.extend(it.receivers.iter().copied().chain(created).filter(|receiver| *receiver != it.sender));
                partners.sort_unstable();
                partners.dedup();
                Some(Self { transfer: it.id, delivery: None, partners })
            }
            Aggregate::Consignment(it) => {
                Some(Self { transfer: it.transfer, delivery: None, partners: vec![it.sender, it.receiver] })
            }
            Aggregate::Delivery(it) => {
                Some(Self { transfer: it.transfer, delivery: Some(it.id), partners: vec![it.receiver] })
            }
            Aggregate::Notification(_) => None,
        };
        let created = change.deliveries().iter().map(|new| Self {
            transfer: new.delivery.transfer,
            delivery: Some(new.delivery.id),
            partners: vec![new.delivery.receiver],
        });
        own.into_iter().chain(created).collect()
    }
}
