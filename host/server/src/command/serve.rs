//! `lockgate serve`: one host against what is configured.

use crate::app;
use crate::config::{Config, Sources, load};
use crate::service;
use crate::telemetry;

/// Runs a host until a signal.
pub(crate) async fn run(sources: &Sources) -> anyhow::Result<()> {
    let config = load(sources, &[])?;
    config.validate()?;
    host(&config, |_| {}).await
}

/// Runs a host with these settings until a signal; `ready` hears where it listens.
pub(crate) async fn host(config: &Config, ready: impl FnOnce(&app::Addresses)) -> anyhow::Result<()> {
    let telemetry = telemetry::start(&config.telemetry)?;
    let stop = service::signal()?;
    let outcome = match app::assemble(config, &telemetry).await {
        Ok(app) => {
            ready(&app.addresses);
            app.run(stop).await
        }
        Err(error) => Err(error),
    };
    telemetry.flush().await;
    outcome
}
