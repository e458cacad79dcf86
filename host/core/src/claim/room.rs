//! Room: how much more a host may take on, so that it keeps what it creates only where it could let it wait.

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
    /// How many may come, whatever they are.
    pub fn least(self) -> usize {
        self.judging.min(self.deliveries).min(self.messages)
    }
}
