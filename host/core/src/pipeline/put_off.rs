//! Putting off: a host that has no place for a claim lets others have it, or takes it again in a moment.

use std::time::Duration;

use super::{Pipeline, WorkEnd};
use crate::claim::{Aggregate, Claim};
use crate::delivery::{DeliveryState, Wait};
use crate::notification::NotificationState;
use crate::ports::Blame;
use crate::state::{DeliveryMove, NotificationMove, Stamp, delivery, notification};
use crate::time::SOON;

/// How many times later who found no place looks again than a delivery that lets others pass: a place is free again by
/// itself, and looking costs a claim and a commit.
const PLACELESS: u32 = 5;

/// Why a claim's work does not begin on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPlace {
    /// It waited, and nothing moved.
    InVain,
    /// There was no room to wait: whoever has some may take it at once.
    NoRoom,
}

impl Pipeline {
    /// Ends a claim whose work did not begin; no attempt is counted. A delivery is seen to wait for a place, and rung for
    /// when one is free. What was to be judged waits for this host alone, so any other may have it at once.
    pub async fn put_off(&self, claim: Claim, why: NoPlace) -> WorkEnd {
        let stamp = Stamp::of_claim(&claim, self.ports.clock.now());
        let pause = PLACELESS * self.settings.postpone;
        let change = match &claim.aggregate {
            Aggregate::Delivery(it) if it.state == DeliveryState::Scheduled => {
                let until = self.spread(it, stamp.at + pause);
                delivery::apply(it, DeliveryMove::Postpone { until, waits: Wait::Slot }, &stamp)
            }
            Aggregate::Notification(it)
                if matches!(it.state, NotificationState::Pending | NotificationState::Scheduled) =>
            {
                let until = match why {
                    NoPlace::InVain => self.later(it, pause),
                    NoPlace::NoRoom => stamp.at + SOON,
                };
                notification::apply(it, NotificationMove::Postpone { until }, &stamp)
            }
            _ => {
                let why = "the host had no place for it".to_owned();
                return self.relinquish(&claim, Duration::ZERO, why, Blame::Nobody).await;
            }
        };
        let change = change.map_err(Into::into);
        self.conclude(claim, change).await
    }
}
