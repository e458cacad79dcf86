//! What those who share a pool of connections ask together, each kind for itself.

use crate::addressing::Addressed;
use crate::announce::Announcements;
use crate::commit::Messages;
use crate::load::{Channels, Partners, Revisions};
use crate::vault::Signing;

/// The kinds. Who asks over other connections asks apart: nobody waits for a pool that is not theirs.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Whom a sender may send to.
    pub(crate) addressed: Addressed,
    /// Transfers to announce.
    pub(crate) announcements: Announcements,
    /// Channels by name.
    pub(crate) channels: Channels,
    /// What becomes of messages.
    pub(crate) messages: Messages,
    /// Partners by id.
    pub(crate) partners: Partners,
    /// Revisions by id.
    pub(crate) revisions: Revisions,
    /// What messages are signed with.
    pub(crate) signing: Signing,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            addressed: Addressed::default(),
            announcements: Announcements::default(),
            channels: Channels::default(),
            messages: Messages::of_facts(),
            partners: Partners::default(),
            revisions: Revisions::default(),
            signing: Signing::default(),
        }
    }
}
