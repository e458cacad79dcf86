//! Brings a database to the schema of this binary, and the cluster to the three roles that it needs.
//!
//! Roles belong to the cluster and many databases of it may be migrated at the same time (tests do), so every step
//! about roles must bear that somebody else just did it.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Owns the tables; may log in nowhere and read nothing.
const OWNER: &str = "lockgate_owner";
/// A table that a migration changes is waited for so long: meanwhile all who come later wait behind it. A `lock_timeout`
/// that the URL sets counts instead.
const PATIENCE: &str = "10s";
/// Whoever migrates holds it, so that others wait for their turn as long as it takes; the word is ours alone.
const TURN: i64 = i64::from_be_bytes(*b"lockgate");

/// How often whoever waits for its turn looks.
const LOOK: Duration = Duration::from_millis(500);

/// What sessions become.
const ROLES: [&str; 3] = [OWNER, "lockgate_api", "lockgate_worker"];

/// The database could not be brought to the schema of this binary.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MigrateError {
    /// It does not answer.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The roles are missing and the user may not make them.
    #[error(
        "the roles lockgate_owner, lockgate_api and lockgate_worker cannot be used: {0}. Migrate as a superuser, or let \
         one run `create role <role> nologin` and `grant <role> to <user>` for each of them"
    )]
    Roles(String),
    /// The user may not give the owner its place.
    #[error("the schema `public` cannot be given to lockgate_owner: {0}. Migrate as the owner of the database")]
    Schema(String),
    /// A table is in use; the schema is as before the migration that needed it.
    #[error(
        "a migration waited too long for a table that is in use, and changed nothing: {0}. Migrate again when less is \
         under way, or stop the hosts meanwhile"
    )]
    Busy(String),
    /// A migration failed; the schema is as before it.
    #[error("a migration failed: {0}")]
    Failed(String),
}

/// Creates what is missing: the roles, their grants, and the schema up to this binary's. Repeating it is harmless.
///
/// The URL's user must own the database and be a superuser, or may create roles, or be a member of all three.
pub async fn migrate(url: &str) -> Result<(), MigrateError> {
    let mut connection =
        PgConnection::connect(url).await.map_err(|error| MigrateError::Unreachable(error.to_string()))?;
    for role in ROLES {
        ensure_role(&mut connection, role).await.map_err(|error| MigrateError::Roles(error.to_string()))?;
    }
    for grant in [
        "grant usage, create on schema public to lockgate_owner",
        "grant usage on schema public to lockgate_api, lockgate_worker",
    ] {
        sqlx::query(grant).execute(&mut connection).await.map_err(|error| MigrateError::Schema(error.to_string()))?;
    }
    sqlx::query("set role lockgate_owner")
        .execute(&mut connection)
        .await
        .map_err(|error| MigrateError::Roles(error.to_string()))?;
    run(&mut connection).await?;
    // Ours to close: an answer that does not come changes nothing.
    let _ = connection.close().await;
    Ok(())
}

/// Runs what is missing, one host after the other.
async fn run(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let failed = |error: sqlx::Error| MigrateError::Failed(error.to_string());
    // Asked again and again: whoever waited within a statement would hold up indexes that are built concurrently.
    let turn = "select pg_try_advisory_lock($1)";
    while !sqlx::query_scalar::<_, bool>(turn).bind(TURN).fetch_one(&mut *connection).await.map_err(failed)? {
        tracing::info!("Somebody else migrates this database; waiting for an end of that.");
        tokio::time::sleep(LOOK).await;
    }
    let done = run_alone(connection).await;
    // Behind a pool the session goes on; an answer that does not come changes nothing.
    let _ = sqlx::query("select pg_advisory_unlock($1)").bind(TURN).execute(connection).await;
    done
}

async fn run_alone(connection: &mut PgConnection) -> Result<(), MigrateError> {
    let failed = |error: sqlx::Error| MigrateError::Failed(error.to_string());
    let set: String = sqlx::query_scalar("show lock_timeout").fetch_one(&mut *connection).await.map_err(failed)?;
    if set == "0" {
        let set = AssertSqlSafe(format!("set lock_timeout = '{PATIENCE}'"));
        sqlx::query(set).execute(&mut *connection).await.map_err(failed)?;
    }
    MIGRATIONS.run(connection).await.map_err(|error| match is_about_locks(&error) {
        true => MigrateError::Busy(error.to_string()),
        false => MigrateError::Failed(error.to_string()),
    })
}

/// A lock was waited for too long, or by two in a circle.
fn is_about_locks(error: &(dyn std::error::Error + 'static)) -> bool {
    let database = error.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    database.is_some_and(|it| matches!(it.code().as_deref(), Some("55P03" | "40P01")))
        || error.source().is_some_and(is_about_locks)
}

/// Names the schema that this binary's migrations make.
pub(crate) fn fingerprint() -> String {
    let mut digest = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for migration in MIGRATIONS.iter() {
        digest.update(&migration.checksum);
    }
    hex::encode(&digest.finish().as_ref()[..8])
}

async fn ensure_role(connection: &mut PgConnection, role: &'static str) -> Result<(), sqlx::Error> {
    let create = format!(
        "do $$ begin
            if not exists (select from pg_roles where rolname = '{role}') then
                create role {role} nologin nobypassrls;
            end if;
        exception when duplicate_object or unique_violation then null;
        end $$"
    );
    sqlx::query(AssertSqlSafe(create)).execute(&mut *connection).await?;
    // A superuser is a member of everything. Somebody else may grant at the same time: the second try finds it done.
    let member = "select pg_has_role(current_user, $1, 'member')";
    for _ in 0..5 {
        if sqlx::query_scalar::<_, bool>(member).bind(role).fetch_one(&mut *connection).await? {
            break;
        }
        let grant = sqlx::query(AssertSqlSafe(format!("grant {role} to current_user"))).execute(&mut *connection).await;
        if let Err(error) = grant
            && !error.as_database_error().is_some_and(|it| it.message().contains("concurrently updated"))
        {
            return Err(error);
        }
    }
    Ok(())
}
