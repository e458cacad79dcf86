//! Rights: who may make which move. What a viewer may not even see answers like what does not exist.

use crate::command::Work;
use crate::consignment::Consignment;
use crate::delivery::Delivery;
use crate::desk::DeskError;
use crate::hold::Hold;
use crate::id::PartnerId;
use crate::policy::Owner;
use crate::transfer::{Transfer, TransferState};
use crate::viewer::{Role, Viewer};

/// Held inbound transfers: the sender's own people, unless the house holds it; and operators.
pub(super) fn decide_transfer(viewer: &Viewer, transfer: &Transfer) -> Result<(), DeskError> {
    let work = Work::Transfer(transfer.id);
    decide(viewer, work, transfer.sender, None, transfer.hold.as_ref())
}

/// Held consignments: the receiver's own people, unless the house holds it; and operators. The sender sees it only.
pub(super) fn decide_consignment(viewer: &Viewer, consignment: &Consignment) -> Result<(), DeskError> {
    let work = Work::Consignment(consignment.id);
    decide(viewer, work, consignment.receiver, Some(consignment.sender), consignment.hold.as_ref())
}

/// Only its sender takes a transfer back, or an operator in its place.
pub(super) fn cancel(viewer: &Viewer, transfer: &Transfer) -> Result<(), DeskError> {
    let work = Work::Transfer(transfer.id);
    match viewer.role {
        Role::Operator => Ok(()),
        Role::Partner(partner) if partner == transfer.sender => Ok(()),
        Role::Integrator(partner) if partner == transfer.sender => {
            Err(DeskError::Forbidden { work, why: "is taken back by its sender's users or an operator" })
        }
        Role::Partner(partner) | Role::Integrator(partner) if receives(transfer, partner) => {
            Err(DeskError::Forbidden { work, why: "is taken back by its sender's users or an operator" })
        }
        Role::Partner(_) | Role::Integrator(_) => Err(DeskError::Unknown(work)),
    }
}

/// Whether a share of it is on its way to that partner, who sees the transfer since then.
fn receives(transfer: &Transfer, partner: PartnerId) -> bool {
    let passed = matches!(transfer.state, TransferState::Accepted | TransferState::Finished);
    passed && transfer.planned.iter().any(|route| route.receiver == partner)
}

/// Dead letters: the receiver's own people and operators.
pub(super) fn redrive(viewer: &Viewer, delivery: &Delivery) -> Result<(), DeskError> {
    let work = Work::Delivery(delivery.id);
    match viewer.role {
        Role::Operator => Ok(()),
        Role::Partner(partner) if partner == delivery.receiver => Ok(()),
        Role::Integrator(partner) if partner == delivery.receiver => {
            Err(DeskError::Forbidden { work, why: "is redriven by its receiver's users or an operator" })
        }
        Role::Partner(_) | Role::Integrator(_) => Err(DeskError::Unknown(work)),
    }
}

fn decide(
    viewer: &Viewer,
    work: Work,
    owner: PartnerId,
    sees: Option<PartnerId>,
    hold: Option<&Hold>,
) -> Result<(), DeskError> {
    let forbidden = |why| Err(DeskError::Forbidden { work, why });
    match viewer.role {
        Role::Operator => Ok(()),
        // Without a hold the state machine answers that there is nothing to decide.
        Role::Partner(partner) if partner == owner => match hold.map(|hold| hold.by) {
            Some(Owner::House) => forbidden("is held by the house's policy; only an operator decides"),
            _ => Ok(()),
        },
        Role::Integrator(partner) if partner == owner => forbidden("is decided by the partner's users or an operator"),
        Role::Partner(partner) | Role::Integrator(partner) if Some(partner) == sees => {
            forbidden("is decided by its receiver")
        }
        Role::Partner(_) | Role::Integrator(_) => Err(DeskError::Unknown(work)),
    }
}
