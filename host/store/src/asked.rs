//! What those who share a pool of connections ask together, each kind for itself.

use lockgate_core::id::{PartnerId, RevisionId, TransferId};
use lockgate_core::notification::Channel;
use lockgate_core::partner::Partner;
use lockgate_core::policy::Revision;
use lockgate_core::ports::{Addressing, Announcement};

use crate::addressing::Named;
use crate::commit::Messages;
use crate::together::Rows;
use crate::vault::Good;

/// The kinds. Who asks over other connections asks apart: nobody waits for a pool that is not theirs.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Whom a sender may send to.
    pub(crate) addressed: Rows<Named, (Named, Addressing)>,
    /// Transfers to announce.
    pub(crate) announcements: Rows<Announcement, TransferId>,
    /// Channels by name.
    pub(crate) channels: Rows<(PartnerId, String), Channel>,
    /// What becomes of messages.
    pub(crate) messages: Messages,
    /// Partners by id.
    pub(crate) partners: Rows<PartnerId, Partner>,
    /// Revisions by id.
    pub(crate) revisions: Rows<RevisionId, Revision>,
    /// What messages are signed with.
    pub(crate) signing: Rows<(PartnerId, String), Good>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            addressed: Rows::default(),
            announcements: Rows::default(),
            channels: Rows::default(),
            messages: Messages::of_facts(),
            partners: Rows::default(),
            revisions: Rows::default(),
            signing: Rows::default(),
        }
    }
}
