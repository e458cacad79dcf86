//! The registrar: everything that operators, partners and integrators set up, checked before it is kept.

mod endpoints;
mod error;
mod names;
mod partners;
mod plugins;
mod policies;
mod rights;
mod secrets;
mod settings;

use std::sync::Arc;

use crate::ports::{PluginArchive, PluginRunner, Registry, Signing, Vault};
use crate::time::Clock;

pub use endpoints::{ChannelUpdate, DestinationUpdate, NewChannel, NewDestination};
pub use error::RegistrarError;
pub use partners::{NewAgreement, NewPartner, PartnerUpdate};
pub use plugins::NewPlugin;
pub use policies::{NewBinding, NewPolicy};

/// The use cases of setting up.
#[derive(Debug, Clone)]
pub struct Registrar {
    registry: Arc<dyn Registry>,
    archive: Arc<dyn PluginArchive>,
    runner: Arc<dyn PluginRunner>,
    vault: Arc<dyn Vault>,
    signing: Arc<dyn Signing>,
    clock: Arc<dyn Clock>,
}

impl Registrar {
    /// A registrar over these ports.
    pub fn new(
        registry: Arc<dyn Registry>,
        archive: Arc<dyn PluginArchive>,
        runner: Arc<dyn PluginRunner>,
        vault: Arc<dyn Vault>,
        signing: Arc<dyn Signing>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { registry, archive, runner, vault, signing, clock }
    }
}
