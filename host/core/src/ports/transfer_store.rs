//! The transfer store: claims and changes, the truth.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::agreement::Agreement;
use crate::change::Change;
use crate::claim::{Aggregate, Claim, Room};
use crate::code::Code;
use crate::command::{Command, RungCommand, Work};
use crate::delivery::Wait;
use crate::destination::Destination;
use crate::digest::Digest;
use crate::id::{ChannelId, HostId, NotificationId, PartnerId, RevisionId, SecureUrlId, TransferId};
use crate::notification::Channel;
use crate::partner::Partner;
use crate::policy::{Revision, Side};
use crate::ports::query::Snapshot;
use crate::provenance::Entry;
use crate::quota::{OverQuota, Quota};
use crate::time::Timestamp;
use crate::transfer::{Transfer, Version};
use crate::upload::Upload;
use crate::viewer::Viewer;

/// Holds the truth.
#[async_trait]
pub trait TransferStore: Send + Sync + Debug {
    /// Says that this host is alive for the given time from now, by the database's clock.
    async fn heartbeat(&self, host: HostId, alive_for: Duration) -> Result<(), StoreError>;

    /// Claims what the commands name, if it is still at their versions, in one short transaction. Commands that match
    /// nothing (repeats, zombies) are simply not among the claims.
    async fn claim(&self, host: HostId, commands: &[RungCommand]) -> Result<Vec<Claim>, StoreError>;

    /// Claims up to `most` things, and of each kind what there is room for, that need work and have no living host: claimed
    /// by a dead one (counts as an adoption where work had begun that may have killed it), due, or waiting longer than
    /// `overdue` for a ring.
    async fn adopt(&self, host: HostId, most: usize, room: Room, overdue: Duration) -> Result<Vec<Claim>, StoreError>;

    /// Gives a claim back unfinished (orderly shutdown, host trouble); anybody may adopt it `after` that time.
    async fn relinquish(&self, claim: &Claim, after: Duration, blame: Blame) -> Result<(), StoreError>;

    /// Gives back all that the store says this host holds for longer than `settled`, except what it knows of: the answer
    /// to a claim can get lost, and nobody adopts what a living host holds. A store whose answers cannot get lost has
    /// nothing to do. Returns how many.
    async fn disown(&self, _host: HostId, _known: &[(Work, Version)], _settled: Duration) -> Result<usize, StoreError> {
        Ok(0)
    }

    /// Lets a claimed delivery's attempt begin, if its destination has room for one more and its breaker lets it pass; so
    /// for all hosts together. The attempt's place is free again when the claim ends.
    async fn admit(&self, claim: &Claim, destination: &Destination) -> Result<Admission, StoreError>;

    /// Lets a message ask a channel that fails, one at a time for all hosts together, until its attempt is committed; one
    /// that says nothing for [`ASKING`](crate::notification::ASKING) no longer keeps others from asking.
    async fn ask(&self, channel: ChannelId, message: NotificationId) -> Result<bool, StoreError>;

    /// Writes down that a plugin begins to compose a notification that [is suspect](crate::notification::Notification::is_suspect):
    /// only then does one more dead host count against it.
    async fn suspect(&self, claim: &Claim) -> Result<(), CommitError>;

    /// Writes a change if its version still matches. Rolls the transfer up to `Finished` when its last consignment
    /// settles, and the consignment when its last delivery does, by the functions of [`crate::state`].
    async fn commit(&self, change: &Change) -> Result<(), CommitError>;

    /// Records which revisions judge a claimed transfer or consignment, once: kept pins are returned, not replaced.
    /// Picks the active revision of the house and of the partner for that side; an owner without one has no pin. For a
    /// delivery that is judged anew nothing is kept: its decision names the revisions.
    async fn pin(&self, claim: &Claim, side: Side) -> Result<Vec<Revision>, CommitError>;

    /// A sender, and those among the named partners (ids or slugs) to whom it has an active agreement: all that must be
    /// known to announce a transfer, in one question.
    async fn addressing(&self, sender: PartnerId, named: &[String]) -> Result<Option<Addressing>, StoreError>;

    /// Creates an announced transfer with its upload, or finds the one that the same sender announced under the same
    /// idempotency key.
    async fn announce(&self, announcement: &Announcement) -> Result<AnnounceOutcome, StoreError>;

    /// What the sender announced under that idempotency key.
    async fn announced_under(&self, sender: PartnerId, key: &str) -> Result<Option<Earlier>, StoreError>;

    /// Loads one aggregate for a person's move, without regard to who may see it: the use case checks.
    async fn load(&self, work: Work) -> Result<Option<Aggregate>, StoreError>;

    /// Appends an entry to a transfer's provenance outside of a change (a fetch of the payload).
    async fn append(&self, transfer: TransferId, entry: &Entry) -> Result<(), StoreError>;

    /// Transfers whose hold expired or whose announcement did, at most `room`. One whose bytes all came is finished by its
    /// sender's next question and does not expire, unless it came by a secure URL: then nobody asks again.
    async fn expired(&self, room: usize) -> Result<Vec<Aggregate>, StoreError>;

    /// A transfer of the sender with that name and digest that was received before this one, whichever was announced
    /// first, and was not rejected or cancelled. Of two that are received at once, one is the first.
    async fn twin(&self, transfer: &Transfer, digest: &Digest) -> Result<Option<TransferId>, StoreError>;

    /// A revision with its bindings.
    async fn revision(&self, id: RevisionId) -> Result<Option<Revision>, StoreError>;
    /// A partner.
    async fn partner(&self, id: PartnerId) -> Result<Option<Partner>, StoreError>;
    /// A partner's destinations, active or not.
    async fn destinations(&self, partner: PartnerId) -> Result<Vec<Destination>, StoreError>;
    /// A destination by id, active or not.
    async fn destination(&self, id: crate::id::DestinationId) -> Result<Option<Destination>, StoreError>;
    /// The lowest position of an ordered destination whose delivery is scheduled, or that a running redrive has yet to
    /// schedule again.
    async fn first_unfinished(&self, destination: crate::id::DestinationId) -> Result<Option<i64>, StoreError>;
    /// A partner's channel by name.
    async fn channel(&self, partner: PartnerId, name: &str) -> Result<Option<Channel>, StoreError>;
    /// The partner's channels of these names, those that there are.
    async fn channels(&self, partner: PartnerId, names: &[String]) -> Result<Vec<Channel>, StoreError>;
    /// The receivers to whom the sender has an active agreement, with their slugs.
    async fn agreed_receivers(&self, sender: PartnerId) -> Result<Vec<Partner>, StoreError>;

    /// Locks some of the outbox's lanes that have rows, hands their oldest commands (at most `limit`, in order) to
    /// `publish`, and removes them if it succeeds.
    async fn relay(&self, limit: usize, bus: &dyn crate::ports::TransferBus) -> Result<Relayed, StoreError>;

    /// Opens a consistent, read-only view as that viewer.
    async fn snapshot(&self, viewer: &Viewer) -> Result<Box<dyn Snapshot>, StoreError>;
}

/// What a relay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relayed {
    /// How many commands went out.
    pub commands: usize,
    /// Whether others may wait that no other relay is at.
    pub more: bool,
}

/// Whether an attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Go,
    /// Not before that time.
    Wait {
        /// When to look again.
        until: Timestamp,
        /// For what.
        waits: Wait,
    },
    /// The claim does not hold any more.
    Stale,
}

/// A sender and whom it may address.
#[derive(Debug, Clone)]
pub struct Addressing {
    /// The sender.
    pub sender: Partner,
    /// Its own terms.
    pub terms: Quota,
    /// Those among the named to whom it has an active agreement.
    pub agreed: Vec<(Partner, Agreement)>,
}

/// A transfer to announce.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The transfer, in state `Announced`, version 0.
    pub transfer: Transfer,
    /// Its upload.
    pub upload: Upload,
    /// Digest over the input, to tell a repeat from another request under the same key.
    pub fingerprint: Digest,
    /// Its first provenance entry.
    pub entry: Entry,
    /// What the sender may hand in within a day.
    pub quota: Quota,
    /// The secure URL by which it is handed in: a use of it is counted, and given back if the transfer is cancelled or
    /// expires before it was received.
    pub by: Option<SecureUrlId>,
    /// Nothing rings yet; kept so that a complete announcement can be rung in the same transaction later.
    pub commands: Vec<Command>,
}

/// What was announced before under an idempotency key.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// The transfer, as it is now.
    pub transfer: Transfer,
    /// Its upload.
    pub upload: Upload,
    /// Digest over the input of then.
    pub fingerprint: Digest,
}

/// What became of an announcement.
#[derive(Debug, Clone)]
pub enum AnnounceOutcome {
    /// Created.
    Created,
    /// The same sender, key and input: the transfer of then, as it is now.
    Repeated {
        /// The transfer.
        transfer: Box<Transfer>,
        /// Its upload.
        upload: Box<Upload>,
    },
    /// The same sender and key, but another input.
    Conflict {
        /// The transfer of then.
        transfer: TransferId,
    },
    /// The secure URL that it came by opens nothing any more; nothing was created.
    UrlEnded,
    /// It would go beyond the sender's quota; nothing was created.
    OverQuota(OverQuota),
}

/// The store failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Postgres does not answer; worth another try.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A bug or a broken row; not worth another try.
    #[error("the database answered something unexpected: {0}")]
    Unexpected(String),
}

impl StoreError {
    /// The public code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Unavailable(_) => Code::TemporarilyUnavailable,
            Self::Unexpected(_) => Code::Internal,
        }
    }
}

/// A change was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Somebody else moved on first: drop the work.
    #[error("{0} changed in the meantime")]
    Stale(Work),
    /// The store failed; the change may be tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whose fault it is that a claim is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Nobody's, or the host's: a service does not answer, the host stops.
    Nobody,
    /// The work's own: the host panicked over it, or what it needs contradicts itself. It counts as an adoption, so that the
    /// third time a person looks.
    Work,
}
