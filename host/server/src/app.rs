//! The wiring: the only place where concrete types meet ports, once, in plain sight.

mod face;
mod kafka_settings;
mod parts;
mod patience;
mod probes;
mod settings;
mod stages;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lockgate_api::identity::{
    HttpsKeys, IssuerSettings, KeyRing, KeySource, RefreshPolicy, StaticKeys, Strikes, Verifier,
};
use lockgate_api::{ApiState, Hub};
use lockgate_core::desk::Desk;
use lockgate_core::intake::{Intake, IntakePorts};
use lockgate_core::ports::TransferStore;
use lockgate_core::rate::RateLimits;
use lockgate_core::redriver::Redriver;
use lockgate_core::registrar::Registrar;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

pub(crate) use settings::store_config;

use crate::config::{Config, IdentityMode};
use crate::identity::DevelopmentIssuer;
use crate::listen::{self, Bounds, Certificate, Port};
use crate::service::Service;
use crate::telemetry::Telemetry;
use parts::Parts;

/// Where a host listens.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    pub(crate) public_url: String,
    pub(crate) admin: SocketAddr,
}

/// A host, ready to run.
pub(crate) struct App {
    pub(crate) addresses: Addresses,
    service: Service,
    parts: Parts,
}

/// Connects to everything, opens the ports and starts the tasks.
pub(crate) async fn assemble(config: &Config, telemetry: &Telemetry) -> anyhow::Result<App> {
    let bounds = settings::bounds(config)?;
    let http = listen::bind("http.listen", config.http.listen).await?;
    let admin = listen::bind("admin.listen", config.admin.listen).await?;
    let certificate = certificate(config)?;
    let public_url = config.public_url(http.local_addr()?);
    let addresses = Addresses { public_url: public_url.clone(), admin: admin.local_addr()? };
    let parts = Parts::connect(config, &public_url).await?;
    // Before anything is claimed: a host that nobody heard of counts as dead, and its claims would be adopted.
    parts.store.for_heartbeat().heartbeat(parts.host, config.workers.alive).await?;
    let (stopping, bodies_end) = watch::channel(false);
    let (hub, carried) = (Arc::new(Hub::default()), TaskTracker::new());
    let state = api(config, &parts, Arc::clone(&hub), carried.clone(), &public_url, bodies_end)?;
    let api = Port {
        name: "api",
        listener: http,
        router: lockgate_api::router(state),
        bounds: bounds.clone(),
        tls: certificate.as_ref().map(Certificate::acceptor).transpose()?,
        stopping,
        carried,
    };
    let admin = Port {
        name: "admin",
        listener: admin,
        router: crate::admin::router(probes::checks(&parts, config), telemetry.registry.clone()),
        bounds: Bounds { drain: Duration::from_secs(1), ..bounds },
        tls: None,
        stopping: watch::Sender::new(false),
        carried: TaskTracker::new(),
    };
    let service = stages::start(config, &parts, hub, api, certificate, admin)?;
    tracing::info!(host.id = %parts.host, http.url = public_url, admin.address = %addresses.admin, "The host is up.");
    Ok(App { addresses, service, parts })
}

impl App {
    /// Runs until `stop` resolves or a task ends, and stops in order.
    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let outcome = self.service.run(stop).await;
        self.parts.leave().await;
        tracing::info!(host.id = %self.parts.host, "The host stopped.");
        outcome
    }
}

/// The certificate of the API's port, if it speaks TLS.
fn certificate(config: &Config) -> anyhow::Result<Option<Certificate>> {
    let (certificate, key) = (&config.http.tls_certificate, &config.http.tls_key);
    (!certificate.as_os_str().is_empty()).then(|| Certificate::read(certificate, key)).transpose()
}

fn api(
    config: &Config,
    parts: &Parts,
    hub: Arc<Hub>,
    carried: TaskTracker,
    public_url: &str,
    bodies_end: watch::Receiver<bool>,
) -> anyhow::Result<ApiState> {
    let front = &parts.front;
    let intake = IntakePorts {
        store: front.clone(),
        uploads: front.clone(),
        registry: front.clone(),
        payloads: parts.front_payloads(),
        clock: parts.clock(),
        tracer: parts.tracer(),
    };
    let registrar = Registrar::new(
        front.clone(),
        parts.archive(),
        parts.runner(),
        front.clone(),
        parts.connectors.clone(),
        parts.clock(),
    );
    Ok(ApiState {
        intake: Arc::new(Intake::new(intake, settings::intake(config))),
        desk: Arc::new(Desk::new(front.clone(), parts.clock())),
        redriver: Arc::new(Redriver::new(front.clone(), parts.clock())),
        porter: Arc::new(parts.porter()),
        registrar: Arc::new(registrar),
        store: front.clone(),
        payloads: parts.front_payloads(),
        clock: parts.clock(),
        verifier: Arc::new(verifier(config)?),
        limits: Arc::new(RateLimits::new(config.limits.requests(), front.clone(), parts.clock())),
        strikes: Arc::new(Strikes::new(config.limits.bad_tokens())),
        tracer: parts.tracer(),
        carried,
        hub,
        settings: Arc::new(face::settings(config, settings::public_url(public_url)?, bodies_end)?),
    })
}

fn verifier(config: &Config) -> anyhow::Result<Verifier> {
    let source: Arc<dyn KeySource> = match config.identity.mode {
        IdentityMode::Development => Arc::new(StaticKeys::new(DevelopmentIssuer::of(config)?.jwks())),
        IdentityMode::Jwks => Arc::new(HttpsKeys::new(&config.identity.jwks_url)?),
    };
    let issuer = IssuerSettings {
        issuer: config.identity.issuer.clone(),
        audience: config.identity.audience.clone(),
        leeway_seconds: config.identity.leeway_seconds,
    };
    Ok(Verifier::new(issuer, Arc::new(KeyRing::new(source, RefreshPolicy::default()))))
}
