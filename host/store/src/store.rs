//! The store itself: pools of one role each, so that a statement runs as `lockgate_worker` or as `lockgate_api` and never
//! as whoever the URL names.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use lockgate_core::ports::StoreError;
use sqlx::postgres::PgPool;
use tokio::sync::Notify;

use crate::asked::Asked;
use crate::config::StoreConfig;
use crate::error::Failure;
use crate::pool::{fill, pool};
use crate::vault::{Envelope, TableCache};

/// The truth in Postgres.
#[derive(Debug, Clone)]
pub struct PgStore {
    /// As `lockgate_worker`: for hosts' work, unless this is the store for something else.
    pub(crate) worker: PgPool,
    /// As `lockgate_worker`, for what comes in.
    intake: PgPool,
    /// As `lockgate_worker`, for the sign of life.
    heartbeat: PgPool,
    /// As `lockgate_api`.
    pub(crate) api: PgPool,
    /// Seals secrets.
    pub(crate) envelope: Arc<Envelope>,
    /// Lookup tables that were read before.
    pub(crate) tables: Arc<TableCache>,
    /// Which kind of work the next adoption begins with.
    pub(crate) turn: Arc<AtomicUsize>,
    /// What is asked together over the worker's connections.
    pub(crate) asked: Asked,
    /// Statements that snapshots ran.
    pub(crate) statements: Arc<AtomicU64>,
    /// Told whenever the outbox grew.
    pub(crate) wake: Arc<Notify>,
    /// Told whenever something changed that somebody may follow.
    pub(crate) nudged: Arc<Notify>,
}

/// What is turned off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnedOff {
    /// Channels.
    pub channels: u64,
    /// Destinations.
    pub destinations: u64,
}

impl PgStore {
    /// Connects and checks that both roles may be taken and that the schema is this binary's.
    pub async fn connect(config: &StoreConfig) -> Result<Self, StoreError> {
        let store = Self::connect_lazy(config)?;
        store.check().await?;
        store.for_intake().check().await?;
        store.for_heartbeat().check().await?;
        Ok(store)
    }

    /// The same without asking the database anything yet.
    pub fn connect_lazy(config: &StoreConfig) -> Result<Self, StoreError> {
        Ok(Self {
            worker: pool(config, "lockgate_worker", config.worker_connections)?,
            intake: pool(config, "lockgate_worker", config.intake_connections)?,
            heartbeat: pool(config, "lockgate_worker", 1)?,
            api: pool(config, "lockgate_api", config.api_connections)?,
            envelope: Arc::new(Envelope::new(&config.secrets_key)),
            tables: Arc::default(),
            turn: Arc::default(),
            asked: Asked::default(),
            statements: Arc::default(),
            wake: Arc::default(),
            nudged: Arc::default(),
        })
    }

    /// Opens every connection that the store may have, so that no request waits for a login on a busy machine. A database
    /// that gives fewer is [`StoreError::Unavailable`]; the others are opened when they are needed.
    pub async fn open_connections(&self) -> Result<(), StoreError> {
        for pool in [&self.worker, &self.intake, &self.heartbeat, &self.api] {
            fill(pool).await.map_err(Failure::from)?;
        }
        Ok(())
    }

    /// The same store over the connections that are kept for what comes in.
    pub fn for_intake(&self) -> Self {
        Self { worker: self.intake.clone(), asked: Asked::default(), ..self.clone() }
    }

    /// The same store over the one connection that is kept for the host's sign of life.
    pub fn for_heartbeat(&self) -> Self {
        Self { worker: self.heartbeat.clone(), asked: Asked::default(), ..self.clone() }
    }

    /// What is notified whenever this process put commands in the outbox, so that its relay need not poll for them.
    pub fn outbox_wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// What is notified whenever this process wrote nudges, so that they go out at once.
    pub fn nudge_wake(&self) -> Arc<Notify> {
        Arc::clone(&self.nudged)
    }

    /// Whether the database answers in both roles and has this binary's schema.
    pub async fn check(&self) -> Result<(), StoreError> {
        for (pool, role) in [(&self.worker, "lockgate_worker"), (&self.api, "lockgate_api")] {
            let current: String = sqlx::query_scalar("select current_user::text")
                .fetch_one(pool)
                .await
                .map_err(|error| outage(error, role))?;
            if current != role {
                return Err(StoreError::Unexpected(format!(
                    "the session runs as `{current}` instead of `{role}`: does a connection pooler drop startup options?"
                )));
            }
        }
        sqlx::query!("select lane from outbox_lanes limit 1").fetch_optional(&self.worker).await.map(drop).map_err(
            |error| match StoreError::from(Failure::from(error)) {
                StoreError::Unexpected(text) => StoreError::Unexpected(format!("{text}; was `lockgate migrate` run?")),
                unavailable => unavailable,
            },
        )
    }

    /// How many statements all snapshots ran so far, so that tests can prove that a page costs a constant number.
    pub fn snapshot_statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Commands that wait in the outbox, and the age of the oldest: what the relay has yet to do.
    pub async fn outbox_backlog(&self) -> Result<(u64, Duration), StoreError> {
        let row = sqlx::query!(
            r#"select count(*) as "count!",
                      coalesce(extract(epoch from now() - min(created_at)), 0)::double precision as "age!" from outbox"#
        )
        .fetch_one(&self.worker)
        .await
        .map_err(Failure::from)?;
        Ok((u64::try_from(row.count).unwrap_or(0), Duration::from_secs_f64(row.age.max(0.0))))
    }

    /// How many channels and destinations are turned off, by hosts or by people.
    pub async fn turned_off(&self) -> Result<TurnedOff, StoreError> {
        let row = sqlx::query!(
            r#"select (select count(*) from channels where not enabled) as "channels!",
                      (select count(*) from destinations where status = 'disabled') as "destinations!""#
        )
        .fetch_one(&self.worker)
        .await
        .map_err(Failure::from)?;
        let natural = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(TurnedOff { channels: natural(row.channels), destinations: natural(row.destinations) })
    }

    /// Closes all connections once they are free.
    pub async fn close(&self) {
        tokio::join!(self.worker.close(), self.intake.close(), self.heartbeat.close(), self.api.close());
    }
}

fn outage(error: sqlx::Error, role: &str) -> StoreError {
    match StoreError::from(Failure::from(error)) {
        StoreError::Unexpected(text) => StoreError::Unexpected(format!(
            "{text}; the user of `database.url` must be a member of `{role}`: run `lockgate migrate`, or as superuser \
             `grant {role} to <user>`"
        )),
        unavailable => unavailable,
    }
}
