//! Room: how much more a host may take on, so that it keeps and looks for only what it could let wait.

use super::Claim;
use crate::command::Work;

/// Of each kind of duty, how many claims more could wait in a host for their places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Room {
    /// Transfers and consignments, to be judged.
    pub judging: usize,
    /// Deliveries.
    pub deliveries: usize,
    /// Notifications, to be composed or sent.
    pub messages: usize,
}

impl Room {
    /// Room for so many of each kind.
    pub const fn of_each(count: usize) -> Self {
        Self { judging: count, deliveries: count, messages: count }
    }

    /// What is left of it where only kinds count of which at least so many may come.
    pub fn of_at_least(self, least: usize) -> Self {
        let counts = |it: usize| if it < least { 0 } else { it };
        Self { judging: counts(self.judging), deliveries: counts(self.deliveries), messages: counts(self.messages) }
    }

    /// Whether nothing may come.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// What is left of it when these have come.
    pub fn without(self, claims: &[Claim]) -> Self {
        let mut left = self;
        for claim in claims {
            let kind = match claim.aggregate.work() {
                Work::Transfer(_) | Work::Consignment(_) => &mut left.judging,
                Work::Delivery(_) => &mut left.deliveries,
                Work::Notification(_) => &mut left.messages,
            };
            *kind = kind.saturating_sub(1);
        }
        left
    }

    /// Whether these fill a kind of which some could come.
    pub fn is_filled_by(self, claims: &[Claim]) -> bool {
        let left = self.without(claims);
        let filled = |before: usize, after: usize| before > 0 && after == 0;
        filled(self.judging, left.judging)
            || filled(self.deliveries, left.deliveries)
            || filled(self.messages, left.messages)
    }
}
