//! Pools of connections: of one role each, opened before they are needed, and kept.

use std::str::FromStr;
use std::time::Duration;

use futures::future::try_join_all;
use lockgate_core::ports::StoreError;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::StoreConfig;

/// A connection that was not used for so long is asked whether it lives.
const RESTED: Duration = Duration::from_secs(1);

/// A connection is replaced after so long.
const LIFETIME: Duration = Duration::from_secs(6 * 60 * 60);

/// A pool whose connections have that role; none is opened yet.
pub(crate) fn pool(config: &StoreConfig, role: &str, connections: u32) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(&config.url.0)
        .map_err(|error| StoreError::Unexpected(format!("`database.url` is not a Postgres URL: {error}")))?
        .application_name(role)
        // More than there are statements: one that is forgotten is read and planned anew.
        .statement_cache_capacity(400)
        // Startup options, so that no statement can ever run before them and `reset all` returns to them.
        .options([
            ("role", role),
            ("statement_timeout", &config.statement_timeout.as_millis().to_string()),
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "60s"),
            // A dead network is noticed by the server too, so that locks of a lost host end.
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
            ("tcp_user_timeout", "30s"),
            ("TimeZone", "UTC"),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(config.acquire_timeout)
        // What is open stays open: a login is thousands of steps, each of which waits for its turn on a busy host. Not for
        // ever: what a backend has gathered is given back, and one that is no primary any more is left.
        .idle_timeout(None)
        .max_lifetime(LIFETIME)
        // The pool asks each connection whether it lives when it comes back; asked again before each use it would cost
        // every statement a second way. One that has rested may have died meanwhile.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= RESTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options))
}

/// Opens all connections that the pool may have.
pub(crate) async fn fill(pool: &PgPool) -> Result<(), sqlx::Error> {
    let connections = (0..pool.options().get_max_connections()).map(|_| pool.acquire());
    // Held together, so that none is given to two.
    try_join_all(connections).await.map(drop)
}
