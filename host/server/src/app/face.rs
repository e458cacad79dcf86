//! Translates the settings into what the API wants to be told.

use std::sync::Arc;

use anyhow::Context;
use lockgate_api::{
    ApiSettings, GraphqlLimits, Introspection, Pace, PersistedModes, PersistedOperations, SubscriptionLimits,
};
use tokio::sync::watch;
use url::Url;

use crate::config::{Config, Environment, RoleName};

/// How the API presents itself and what it bears.
pub(super) fn settings(
    config: &Config,
    public_url: Url,
    bodies_end: watch::Receiver<bool>,
) -> anyhow::Result<ApiSettings> {
    let may = |role| config.graphql.introspection.contains(&role);
    let modes = &config.graphql.persisted;
    Ok(ApiSettings {
        development: config.environment == Environment::Development,
        max_component_bytes: config.sandbox.max_component_bytes,
        graphql: GraphqlLimits {
            complexity: config.graphql.max_cost,
            body_bytes: config.http.graphql_body_bytes,
            ..GraphqlLimits::default()
        },
        introspection: Introspection {
            partner: may(RoleName::Partner),
            integrator: may(RoleName::Integrator),
            operator: may(RoleName::Operator),
        },
        persisted: Arc::new(persisted(config)?),
        persisted_modes: PersistedModes {
            partner: modes.partner,
            integrator: modes.integrator,
            operator: modes.operator,
        },
        subscriptions: SubscriptionLimits {
            connections: config.subscriptions.max_connections,
            connections_per_viewer: config.subscriptions.max_connections_per_viewer,
            per_connection: config.subscriptions.max_per_connection,
            init_timeout: config.subscriptions.init_timeout,
            ping_every: config.subscriptions.ping,
        },
        retries: config.retries.deliveries(),
        pace: Pace { window: config.http.body_window, bytes_per_second: config.http.body_bytes_per_second },
        bodies_end,
        ..ApiSettings::new(public_url)
    })
}

fn persisted(config: &Config) -> anyhow::Result<PersistedOperations> {
    let folder = &config.graphql.persisted_dir;
    if folder.as_os_str().is_empty() {
        return Ok(PersistedOperations::default());
    }
    PersistedOperations::load(folder).context("`graphql.persisted_dir` cannot be used")
}
