//! Rights: receivers redrive what goes to them, operators everything.

use crate::id::PartnerId;
use crate::redrive::Redrive;
use crate::redriver::RedriverError;
use crate::viewer::{Role, Viewer};

const BY_WHOM: &str = "a redrive is started and decided by the receiver's users or an operator";

/// Whose deliveries a redrive may touch. Another partner's are simply not found.
pub(super) fn receiver(viewer: &Viewer, wanted: Option<PartnerId>) -> Result<Option<PartnerId>, RedriverError> {
    match viewer.role {
        Role::Operator => Ok(wanted),
        Role::Partner(own) => match wanted {
            Some(other) if other != own => {
                Err(RedriverError::Forbidden("only deliveries to your own destinations can be redriven"))
            }
            _ => Ok(Some(own)),
        },
        Role::Integrator(_) => Err(RedriverError::Forbidden(BY_WHOM)),
    }
}

/// Who pauses, resumes and cancels: the partner whose it is, and operators.
pub(super) fn decide(viewer: &Viewer, redrive: &Redrive) -> Result<(), RedriverError> {
    match viewer.role {
        Role::Operator => Ok(()),
        Role::Partner(own) if redrive.partner == Some(own) => Ok(()),
        Role::Integrator(own) if redrive.partner == Some(own) => Err(RedriverError::Forbidden(BY_WHOM)),
        Role::Partner(_) | Role::Integrator(_) => Err(RedriverError::Unknown(redrive.id)),
    }
}
