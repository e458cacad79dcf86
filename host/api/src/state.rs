//! What the API needs from outside: use cases, ports and settings, wired once by the server.

use std::sync::Arc;

use lockgate_core::desk::Desk;
use lockgate_core::intake::Intake;
use lockgate_core::porter::Porter;
use lockgate_core::ports::{PayloadStore, TransferStore};
use lockgate_core::rate::RateLimits;
use lockgate_core::redriver::Redriver;
use lockgate_core::registrar::Registrar;
use lockgate_core::time::Clock;
use lockgate_core::trace::Tracer;
use tokio_util::task::TaskTracker;

use crate::identity::{Strikes, Verifier};
use crate::settings::ApiSettings;
use crate::watching::Hub;

/// Everything that a request may reach.
#[derive(Debug, Clone)]
pub struct ApiState {
    /// How transfers come in.
    pub intake: Arc<Intake>,
    /// The moves that people make.
    pub desk: Arc<Desk>,
    /// Sending many deliveries again.
    pub redriver: Arc<Redriver>,
    /// Who comes by secure URLs.
    pub porter: Arc<Porter>,
    /// Setting up.
    pub registrar: Arc<Registrar>,
    /// Snapshots to read, and the provenance of fetches.
    pub store: Arc<dyn TransferStore>,
    /// The bytes of released payloads.
    pub payloads: Arc<dyn PayloadStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Who asks.
    pub verifier: Arc<Verifier>,
    /// How often users may ask.
    pub limits: Arc<RateLimits>,
    /// How often addresses may bring bad tokens.
    pub strikes: Arc<Strikes>,
    /// The trace that a request joins.
    pub tracer: Arc<dyn Tracer>,
    /// The uploads under way; some go on for a moment after their requests are gone.
    pub carried: TaskTracker,
    /// Who follows what on this host.
    pub hub: Arc<Hub>,
    /// Limits and URLs.
    pub settings: Arc<ApiSettings>,
}
