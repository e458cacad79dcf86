//! Rights: who may set up what. Things of other partners answer like things that do not exist.

use crate::id::PartnerId;
use crate::policy::Owner;
use crate::registrar::RegistrarError;
use crate::viewer::{Role, Viewer};

/// Partners, agreements and everything of the house: operators only.
pub(super) fn operator(viewer: &Viewer) -> Result<(), RegistrarError> {
    match viewer.role {
        Role::Operator => Ok(()),
        Role::Partner(_) | Role::Integrator(_) => Err(RegistrarError::Forbidden("only an operator may do this")),
    }
}

/// Destinations and channels: the partner itself, or an operator.
pub(super) fn endpoints(viewer: &Viewer, partner: PartnerId) -> Result<(), RegistrarError> {
    match viewer.role {
        Role::Operator => Ok(()),
        Role::Partner(own) if own == partner => Ok(()),
        Role::Integrator(own) if own == partner => {
            Err(RegistrarError::Forbidden("destinations and channels are set up by the partner's users or an operator"))
        }
        Role::Partner(_) | Role::Integrator(_) => Err(RegistrarError::NotYours),
    }
}

/// Secrets: both kinds of the owner's people, because both destinations and bindings need them; or an operator.
pub(super) fn secrets(viewer: &Viewer, owner: Owner) -> Result<(), RegistrarError> {
    match (viewer.role, owner) {
        (Role::Operator, _) => Ok(()),
        (Role::Partner(own) | Role::Integrator(own), Owner::Partner(partner)) if own == partner => Ok(()),
        (_, Owner::House) => operator(viewer),
        (_, Owner::Partner(_)) => Err(RegistrarError::NotYours),
    }
}

/// Plugins, policies and lookup tables: the owner's integrators, or an operator.
pub(super) fn policies(viewer: &Viewer, owner: Owner) -> Result<(), RegistrarError> {
    match (viewer.role, owner) {
        (Role::Operator, _) => Ok(()),
        (Role::Integrator(own), Owner::Partner(partner)) if own == partner => Ok(()),
        (Role::Partner(own), Owner::Partner(partner)) if own == partner => Err(RegistrarError::Forbidden(
            "plugins and policies are set up by the partner's integrators or an operator",
        )),
        (_, Owner::House) => operator(viewer),
        (_, Owner::Partner(_)) => Err(RegistrarError::NotYours),
    }
}
