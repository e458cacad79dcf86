//! Dead letters in groups: how many wait for a person, where and why.

use async_graphql::{Context, Enum, ID, InputObject, Object};
use lockgate_core::code::Code;
use lockgate_core::delivery as core;
use lockgate_core::id::DestinationId;
use lockgate_core::redrive::{self, RedriveFilter};
use lockgate_core::redriver::Redriver;
use lockgate_core::time::Timestamp;

use super::asking::{Asking, asking};
use super::destination::Destination;
use super::inputs;
use super::scalars::Long;
use crate::failure::Failure;

#[derive(Debug, Clone)]
pub(super) struct DeliveryGroup(pub(super) redrive::Group);

/// Deliveries to one destination that ended for one cause.
#[Object]
impl DeliveryGroup {
    /// Where to.
    async fn destination(&self, ctx: &Context<'_>) -> Result<Option<Destination>, Failure> {
        Ok(asking(ctx).one(self.0.destination).await?.map(Destination))
    }

    /// Why they were given up; nothing where they were delivered.
    async fn cause(&self) -> Option<Cause> {
        self.0.cause.map(Into::into)
    }

    /// How many.
    async fn count(&self) -> Long {
        Long(self.0.count)
    }

    /// When the first of them was given up or delivered.
    async fn oldest_at(&self) -> Timestamp {
        self.0.oldest
    }

    /// When the last was.
    async fn newest_at(&self) -> Timestamp {
        self.0.newest
    }

    /// The ids of the oldest, at most ten.
    async fn sample(&self) -> Vec<ID> {
        self.0.sample.iter().map(|id| ID(id.to_string())).collect()
    }
}

/// Which deliveries; what is absent does not narrow.
#[derive(Debug, Default, InputObject)]
pub(super) struct DeliveryFilterInput {
    /// To this destination.
    destination: Option<ID>,
    /// To this receiver, by id or slug; a receiver's users see their own alone.
    receiver: Option<String>,
    /// From this sender, by id or slug.
    sender: Option<String>,
    /// Given up for this cause.
    cause: Option<Cause>,
    /// Given up, or delivered, at or after.
    since: Option<Timestamp>,
    /// Given up, or delivered, before.
    until: Option<Timestamp>,
}

impl DeliveryFilterInput {
    /// The filter that was given at that place, with partners found by what names them; whatever it names is there.
    pub(super) async fn filter(self, asking: &Asking, place: &str) -> Result<RedriveFilter, Failure> {
        let partner = async |named: Option<String>| match named {
            Some(named) => asking.partner(&named).await.map(|it| Some(it.id)),
            None => Ok(None),
        };
        let destination = self
            .destination
            .map(|id| inputs::id::<DestinationId>(format_args!("{place}.destination"), &id))
            .transpose()?;
        if let Some(id) = destination
            && asking.one(id).await?.is_none()
        {
            return Err(Failure::unseen(Code::DestinationNotFound));
        }
        Ok(RedriveFilter {
            destination,
            receiver: partner(self.receiver).await?,
            sender: partner(self.sender).await?,
            cause: self.cause.map(Into::into),
            since: self.since,
            until: self.until,
        })
    }

    /// The same within what the viewer may redrive.
    pub(super) async fn own(self, asking: &Asking, place: &str) -> Result<RedriveFilter, Failure> {
        let filter = self.filter(asking, place).await?;
        Ok(RedriveFilter { receiver: Redriver::receiver(&asking.viewer, filter.receiver)?, ..filter })
    }
}

/// Why deliveries fail, as classes that dead letters are counted and redriven by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "core::Cause")]
pub(super) enum Cause {
    /// No connection could be made, or it broke.
    Unreachable,
    /// The other side was too slow or said nothing.
    TimedOut,
    /// The other side has troubles of its own (5xx).
    ServerError,
    /// The other side asked to come back later (429).
    Throttled,
    /// Our credentials were not accepted (401, 403).
    Unauthorized,
    /// The other side does not take this payload (other 4xx).
    Refused,
    /// The other side says that the destination is gone (410).
    Gone,
    /// Something else stands where the payload belongs.
    Conflict,
    /// The address must not be reached from here.
    NotAllowed,
    /// A setting or secret of the destination is missing or wrong.
    Misconfigured,
    /// The destination is disabled or does not exist any more.
    Disabled,
    /// Three hosts ended over it.
    HostsEnded,
    /// The current policy does not let it out, or wants a person to look.
    Policy,
    /// The payload could not be read on our side.
    OurTrouble,
    /// None of these.
    Other,
}
