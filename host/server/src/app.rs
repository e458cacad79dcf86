//! The wiring: the only place where concrete types meet ports, once, in plain sight.

mod parts;
mod patience;
mod probes;
mod settings;
mod stages;

use std::net::SocketAddr;
use std::sync::Arc;

use lockgate_api::identity::{HttpsKeys, IssuerSettings, KeyRing, KeySource, RefreshPolicy, StaticKeys, Verifier};
use lockgate_api::{ApiSettings, ApiState};
use lockgate_core::desk::Desk;
use lockgate_core::intake::{Intake, IntakePorts};
use lockgate_core::registrar::Registrar;

pub(crate) use settings::store_config;

use crate::config::{Config, Environment, IdentityMode};
use crate::identity::DevelopmentIssuer;
use crate::listen;
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
    let http = listen::bind("http.listen", config.http.listen).await?;
    let admin = listen::bind("admin.listen", config.admin.listen).await?;
    let public_url = config.public_url(http.local_addr()?);
    let addresses = Addresses { public_url: public_url.clone(), admin: admin.local_addr()? };
    let parts = Parts::connect(config, &public_url).await?;
    // Before anything is claimed: a host that nobody heard of counts as dead, and its claims would be adopted.
    parts.transfers().heartbeat(parts.host, config.workers.alive).await?;
    let api = lockgate_api::router(api(config, &parts, &public_url)?);
    let admin_routes = crate::admin::router(probes::checks(&parts, config), telemetry.registry.clone());
    let service = stages::start(config, &parts, (http, api), (admin, admin_routes))?;
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

fn api(config: &Config, parts: &Parts, public_url: &str) -> anyhow::Result<ApiState> {
    let intake = IntakePorts {
        store: parts.transfers(),
        uploads: parts.uploads(),
        registry: parts.registry(),
        payloads: parts.payloads(),
        clock: parts.clock(),
        tracer: parts.tracer(),
    };
    let registrar = Registrar::new(parts.registry(), parts.archive(), parts.runner(), parts.vault(), parts.clock());
    Ok(ApiState {
        intake: Arc::new(Intake::new(intake, settings::intake(config))),
        desk: Arc::new(Desk::new(parts.transfers(), parts.clock())),
        redriver: Arc::new(parts.redriver()),
        registrar: Arc::new(registrar),
        store: parts.transfers(),
        payloads: parts.payloads(),
        clock: parts.clock(),
        verifier: Arc::new(verifier(config)?),
        tracer: parts.tracer(),
        settings: Arc::new(ApiSettings {
            development: config.environment == Environment::Development,
            max_component_bytes: config.sandbox.max_component_bytes,
            ..ApiSettings::new(settings::public_url(public_url)?)
        }),
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
