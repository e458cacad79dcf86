//! The desk: where people decide. Held things are released or refused, transfers taken back, dead letters sent again.

mod error;
mod rights;

use std::sync::Arc;

use crate::change::Change;
use crate::claim::Aggregate;
use crate::command::Work;
use crate::consignment::Consignment;
use crate::delivery::Delivery;
use crate::destination::DestinationStatus;
use crate::id::{ConsignmentId, DeliveryId, DestinationId, HostId, TransferId};
use crate::pipeline::orders;
use crate::ports::{CommitError, StoreError, TransferStore};
use crate::state::{
    ConsignmentMove, DeliveryMove, Stamp, TransferMove, consignment, delivery, transfer as transfer_state,
};
use crate::time::Clock;
use crate::trace::TraceContext;
use crate::transfer::Transfer;
use crate::viewer::Viewer;

pub use error::DeskError;

/// How often a move is tried again when somebody else moved the same thing in between.
const TRIES: usize = 5;

/// How many characters a reason may have.
const LONGEST_REASON: usize = 500;

/// The moves that people make.
#[derive(Debug, Clone)]
pub struct Desk {
    store: Arc<dyn TransferStore>,
    clock: Arc<dyn Clock>,
}

impl Desk {
    /// A desk over these ports.
    pub fn new(store: Arc<dyn TransferStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Lets a held transfer go on: the very bytes that were judged, or another judgement if there was none.
    pub async fn release_transfer(
        &self,
        viewer: &Viewer,
        id: TransferId,
        reason: &str,
        trace: &TraceContext,
    ) -> Result<Transfer, DeskError> {
        let reason = checked(reason)?;
        self.move_transfer(id, viewer, trace, |it| {
            rights::decide_transfer(viewer, it).map(|()| TransferMove::Release { reason: reason.clone() })
        })
        .await
    }

    /// Refuses a held transfer.
    pub async fn refuse_transfer(
        &self,
        viewer: &Viewer,
        id: TransferId,
        reason: &str,
        trace: &TraceContext,
    ) -> Result<Transfer, DeskError> {
        let reason = checked(reason)?;
        self.move_transfer(id, viewer, trace, |it| {
            rights::decide_transfer(viewer, it).map(|()| TransferMove::Refuse { reason: reason.clone() })
        })
        .await
    }

    /// Takes a transfer back, as long as nothing left.
    pub async fn cancel(
        &self,
        viewer: &Viewer,
        id: TransferId,
        reason: &str,
        trace: &TraceContext,
    ) -> Result<Transfer, DeskError> {
        let reason = checked(reason)?;
        self.move_transfer(id, viewer, trace, |it| {
            rights::cancel(viewer, it).map(|()| TransferMove::Cancel { reason: reason.clone() })
        })
        .await
    }

    /// Lets a held consignment go on.
    pub async fn release_consignment(
        &self,
        viewer: &Viewer,
        id: ConsignmentId,
        reason: &str,
        trace: &TraceContext,
    ) -> Result<Consignment, DeskError> {
        let reason = checked(reason)?;
        for _ in 0..TRIES {
            let it = self.consignment(id).await?;
            rights::decide_consignment(viewer, &it)?;
            let orders = orders(&*self.store, &it).await?;
            let release = ConsignmentMove::Release { reason: reason.clone(), orders };
            let change = consignment::apply(&it, release, &self.stamp(viewer, trace))?;
            if self.committed(&change).await? {
                return self.consignment(id).await;
            }
        }
        Err(DeskError::Contended(Work::Consignment(id)))
    }

    /// Refuses a held consignment.
    pub async fn refuse_consignment(
        &self,
        viewer: &Viewer,
        id: ConsignmentId,
        reason: &str,
        trace: &TraceContext,
    ) -> Result<Consignment, DeskError> {
        let reason = checked(reason)?;
        for _ in 0..TRIES {
            let it = self.consignment(id).await?;
            rights::decide_consignment(viewer, &it)?;
            let refuse = ConsignmentMove::Refuse { reason: reason.clone() };
            let change = consignment::apply(&it, refuse, &self.stamp(viewer, trace))?;
            if self.committed(&change).await? {
                return self.consignment(id).await;
            }
        }
        Err(DeskError::Contended(Work::Consignment(id)))
    }

    /// Sends a dead letter on its way again, under the same delivery id. Not to a destination that is disabled: a redrive of
    /// many has a lane that waits there and says so, a delivery alone would be in line and never leave.
    pub async fn redrive(
        &self,
        viewer: &Viewer,
        id: DeliveryId,
        reason: &str,
        trace: &TraceContext,
    ) -> Result<Delivery, DeskError> {
        let reason = checked(reason)?;
        for _ in 0..TRIES {
            let it = self.delivery(id).await?;
            rights::redrive(viewer, &it)?;
            let redrive = DeliveryMove::Redrive { reason: reason.clone(), redrive: None, judged_again: false };
            let change = delivery::apply(&it, redrive, &self.stamp(viewer, trace))?;
            self.enabled(it.destination).await?;
            if self.committed(&change).await? {
                return self.delivery(id).await;
            }
        }
        Err(DeskError::Contended(Work::Delivery(id)))
    }

    /// Ends what nobody decided about in time and what never came; returns how many. For a host's housekeeping.
    pub async fn expire(&self, host: HostId, room: usize) -> Result<usize, StoreError> {
        let stamp = Stamp::of_host(host, self.clock.now());
        let mut ended = 0;
        for aggregate in self.store.expired(room).await? {
            let change = match &aggregate {
                Aggregate::Transfer(it) => transfer_state::apply(it, TransferMove::Expire, &stamp),
                Aggregate::Consignment(it) => consignment::apply(it, ConsignmentMove::Expire, &stamp),
                Aggregate::Delivery(_) | Aggregate::Notification(_) => continue,
            };
            let Ok(change) = change else { continue };
            match self.store.commit(&change).await {
                Ok(()) => ended += 1,
                Err(CommitError::Stale(_)) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Ok(ended)
    }

    async fn enabled(&self, id: DestinationId) -> Result<(), DeskError> {
        match self.store.destination(id).await? {
            Some(it) if it.status == DestinationStatus::Disabled => {
                Err(DeskError::Disabled { id, name: it.name, why: it.disabled.map(|it| it.reason) })
            }
            _ => Ok(()),
        }
    }

    async fn move_transfer(
        &self,
        id: TransferId,
        viewer: &Viewer,
        trace: &TraceContext,
        wanted: impl Fn(&Transfer) -> Result<TransferMove, DeskError> + Send + Sync,
    ) -> Result<Transfer, DeskError> {
        for _ in 0..TRIES {
            let it = self.transfer(id).await?;
            let change = transfer_state::apply(&it, wanted(&it)?, &self.stamp(viewer, trace))?;
            if self.committed(&change).await? {
                return self.transfer(id).await;
            }
        }
        Err(DeskError::Contended(Work::Transfer(id)))
    }

    /// Whether the change was written; a stale one is made again from what is there now.
    async fn committed(&self, change: &Change) -> Result<bool, DeskError> {
        match self.store.commit(change).await {
            Ok(()) => Ok(true),
            Err(CommitError::Stale(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    async fn transfer(&self, id: TransferId) -> Result<Transfer, DeskError> {
        match self.store.load(Work::Transfer(id)).await? {
            Some(Aggregate::Transfer(it)) => Ok(it),
            _ => Err(DeskError::Unknown(Work::Transfer(id))),
        }
    }

    async fn consignment(&self, id: ConsignmentId) -> Result<Consignment, DeskError> {
        match self.store.load(Work::Consignment(id)).await? {
            Some(Aggregate::Consignment(it)) => Ok(it),
            _ => Err(DeskError::Unknown(Work::Consignment(id))),
        }
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Delivery, DeskError> {
        match self.store.load(Work::Delivery(id)).await? {
            Some(Aggregate::Delivery(it)) => Ok(it),
            _ => Err(DeskError::Unknown(Work::Delivery(id))),
        }
    }

    fn stamp(&self, viewer: &Viewer, trace: &TraceContext) -> Stamp {
        Stamp::of_person(&viewer.subject, self.clock.now(), trace.trace_id().map(str::to_owned))
    }
}

/// The reason, trimmed: a decision without one is worth nothing years later.
pub(crate) fn checked(reason: &str) -> Result<String, DeskError> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(DeskError::ReasonRequired);
    }
    let given = reason.chars().count();
    if given > LONGEST_REASON {
        return Err(DeskError::ReasonTooLong { given });
    }
    Ok(reason.to_owned())
}
